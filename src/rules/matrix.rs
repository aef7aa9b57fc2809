//! How bad a grant with credentials is: who can be the reader, whether the session travels, whether the data is
//! known to be sensitive. Nothing else counts. Every rule about credentials takes its severity from here.

use super::{Context, FetchView, Portability};
use crate::content::{Kind, Place};
use crate::facts::sensitive_kinds;
use crate::finding::{Certainty, Severity};

/// Who can be the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any site: every origin is granted, or `null`, or a name that anyone can register.
    AnySite,
    /// Whoever holds a corner of a shared platform.
    Tenant,
    /// Whoever stands between the user and a page without encryption.
    Network,
    /// Any host of one registrable domain.
    Sibling,
    /// One site that the server names.
    Listed,
}

impl Reach {
    /// The label of reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AnySite => "any-site",
            Self::Tenant => "tenant",
            Self::Network => "network",
            Self::Sibling => "sibling",
            Self::Listed => "listed",
        }
    }

    /// The cell of the matrix.
    pub(crate) fn severity(self, portability: Portability, sensitive: bool) -> Severity {
        use Portability::{Declared, Proven, SiteBound, Unknown};
        use Severity::{Critical, High, Info, Low, Medium};
        match (self, portability, sensitive) {
            (Self::Listed, _, _) => Info,
            (Self::AnySite, Proven | Declared, true) => Critical,
            (Self::AnySite, Proven | Declared | Unknown, _) => High,
            // A page of the same site has to help.
            (Self::AnySite, SiteBound, _) => Medium,
            (Self::Tenant | Self::Network, Proven | Declared, true) => High,
            (Self::Tenant | Self::Network, Proven | Declared | Unknown, _) => Medium,
            // `SameSite` heeds the scheme in most browsers, not in all.
            (Self::Tenant | Self::Network, SiteBound, _) => Low,
            // `SameSite` does not stop a sibling.
            (Self::Sibling, _, true) => Medium,
            (Self::Sibling, _, false) => Low,
        }
    }

    /// The severity of a signed-in user's read, and how sure the session's travelling lets us be.
    pub(crate) fn of_read(self, cx: &Context, view: FetchView<'_>) -> (Severity, Certainty) {
        let portability = cx.portability(view);
        let certainty = match (self, portability) {
            (Self::AnySite | Self::Tenant | Self::Network, Portability::Unknown) => {
                Certainty::Likely
            }
            _ => Certainty::Proven,
        };
        (self.severity(portability, raises_severity(view)), certainty)
    }
}

/// Whether what the answer holds makes things worse.
pub(crate) fn raises_severity(view: FetchView<'_>) -> bool {
    has_weight(view, &sensitive_kinds(view))
}

/// Whether these kinds of data, found in the answer, say something. One lone email address does not.
pub(crate) fn has_weight(view: FetchView<'_>, kinds: &[&str]) -> bool {
    if kinds != [Kind::Email.as_str()] {
        return !kinds.is_empty();
    }
    let content = view.last().and_then(|exchange| exchange.content.as_deref());
    content.is_some_and(|content| {
        let emails = content
            .at(Place::ResponseBody)
            .chain(content.at(Place::ResponseHeader))
            .filter(|sighting| sighting.kind == Kind::Email);
        emails.map(|sighting| sighting.count).sum::<u32>() >= 2
    })
}

/// One step down.
pub(crate) fn lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium => Severity::Low,
        Severity::Low | Severity::Info => Severity::Info,
    }
}

/// One step up.
pub(crate) fn raise(severity: Severity) -> Severity {
    match severity {
        Severity::Info => Severity::Low,
        Severity::Low => Severity::Medium,
        Severity::Medium => Severity::High,
        Severity::High | Severity::Critical => Severity::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        use Portability::{Declared, Proven, SiteBound, Unknown};
        use Severity::{Critical, High, Info, Low, Medium};
        for (reach, travels_with_data, travels, unknown, bound) in [
            (Reach::AnySite, Critical, High, High, Medium),
            (Reach::Tenant, High, Medium, Medium, Low),
            (Reach::Network, High, Medium, Medium, Low),
            (Reach::Sibling, Medium, Low, Low, Low),
            (Reach::Listed, Info, Info, Info, Info),
        ] {
            for portability in [Proven, Declared] {
                assert_eq!(
                    reach.severity(portability, true),
                    travels_with_data,
                    "{reach:?}"
                );
                assert_eq!(reach.severity(portability, false), travels, "{reach:?}");
            }
            assert_eq!(reach.severity(Unknown, false), unknown, "{reach:?}");
            assert_eq!(reach.severity(SiteBound, false), bound, "{reach:?}");
        }
        assert_eq!(Reach::Sibling.severity(Unknown, true), Medium);
        assert_eq!(Reach::Sibling.severity(SiteBound, true), Medium);
        assert_eq!(Reach::AnySite.severity(SiteBound, true), Medium);
    }
}
