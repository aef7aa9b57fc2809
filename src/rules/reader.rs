//! Who else could have read what a page read with the user's credentials: the end of the bank story, shared by the rule
//! that tells it and by those whose findings are parts of it.

use super::granted::{
    Named, Standing, imitated, is_for_all, is_foreign_tenant, is_insecure, standing,
};
use super::matrix::{Reach, lower};
use super::words::is_authenticated_read;
use super::{Context, FetchView, Visit};
use crate::facts::{Form, Policy};
use crate::finding::{Certainty, Severity};

/// Why the reader could have been somebody else.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// Every origin that asks is granted.
    Reflected {
        /// No other explanation is left.
        proven: bool,
        /// Unrelated sites that were granted.
        sites: usize,
    },
    /// The reader's name imitates a trusted one.
    Imitated {
        /// How.
        form: Form,
        /// The trusted host.
        trusted: String,
    },
    /// The reader is a stranger whom no list excuses.
    Stranger(Visit),
    /// The reader's page came without encryption.
    Insecure {
        /// Browsers that know the host refuse to load it so.
        strict: bool,
    },
    /// The reader is a corner of a shared platform.
    Tenant,
}

/// Who else could have read what this fetch read with the user's credentials; `None` where it read nothing of the kind, or
/// nobody else could.
pub(crate) fn cause(cx: &Context, view: FetchView<'_>, policy: &Policy<'_>) -> Option<Cause> {
    if !is_authenticated_read(cx, view, policy) || is_for_all(cx, policy) {
        return None;
    }
    let endpoint = cx.endpoint(policy)?;
    if let Some(reflection) = cx.reflection(endpoint, policy.target) {
        return Some(Cause::Reflected {
            proven: reflection.is_proven(),
            sites: reflection.sites,
        });
    }
    let named = Named::of(view, policy);
    if let Some(named) = &named
        && let Some((found, trusted)) = imitated(cx, policy, named)
        && !found.is_plausible
    {
        return Some(Cause::Imitated {
            form: found.form,
            trusted,
        });
    }
    if !endpoint.refused_any()
        && let Some(visit) = cx.stranger(policy.reader?, policy.target)
    {
        return Some(Cause::Stranger(visit));
    }
    let named = named?;
    if standing(cx, policy) == Standing::Service {
        return None;
    }
    if is_insecure(policy, &named) {
        return Some(Cause::Insecure {
            strict: cx.trust().is_strict(named.host),
        });
    }
    (is_foreign_tenant(policy, &named)
        && !cx.are_related(named.host, policy.target.host()?)
        && !cx.leads_to(
            crate::facts::site_host(policy.target.host()?),
            crate::facts::site_host(named.host),
        ))
    .then_some(Cause::Tenant)
}

impl Cause {
    /// Who can be the reader.
    pub(crate) fn reach(&self) -> Reach {
        match self {
            Self::Reflected { .. } | Self::Imitated { .. } | Self::Stranger(_) => Reach::AnySite,
            Self::Insecure { .. } => Reach::Network,
            Self::Tenant => Reach::Tenant,
        }
    }

    /// Whether the cause is on record, not inferred.
    pub(crate) fn is_sure(&self) -> bool {
        matches!(
            self,
            Self::Reflected { proven: true, .. } | Self::Insecure { .. }
        )
    }

    /// The severity of such a read, and how sure it lets us be. What is inferred is never critical.
    pub(crate) fn severity(&self, cx: &Context, view: FetchView<'_>) -> (Severity, Certainty) {
        let (severity, certainty) = self.reach().of_read(cx, view);
        let severity = match self {
            Self::Reflected { proven: true, .. } | Self::Tenant => severity,
            Self::Insecure { strict: true } => lower(severity),
            Self::Insecure { strict: false } => severity,
            Self::Reflected { .. } | Self::Imitated { .. } => severity.min(Severity::High),
            Self::Stranger(Visit::Origin) => severity.min(Severity::High),
            Self::Stranger(Visit::Site) => severity.min(Severity::Medium),
        };
        (severity, certainty)
    }
}
