//! What the rules about exposure beyond CORS ask in common.

use super::{Context, FetchView};
use crate::content::{Kind, Place};
use crate::cors::Origin;
use crate::facts::sensitive;

/// Whether a host belongs to a site that was opened as a page, or that is one's own: an application whose owner may read
/// the report, not some third party's service.
pub(crate) fn is_own_application(cx: &Context, target: &Origin) -> bool {
    target.host().is_some_and(|host| {
        cx.site(host).is_some_and(|site| site.is_document)
            || cx.options().is_first_party(host)
            || cx.options().in_scope(host)
    })
}

/// Whether the kinds of data in an answer raise a severity: one address of mail alone does not.
pub(crate) fn raises_severity(view: FetchView<'_>) -> bool {
    let mut kinds = sensitive(view);
    kinds.retain(|kind| !kind.is_hint());
    match kinds[..] {
        [] => false,
        [Kind::Email] => {
            let content = view.last().and_then(|exchange| exchange.content.as_ref());
            let addresses: u32 = content
                .into_iter()
                .flat_map(|content| {
                    content
                        .at(Place::ResponseBody)
                        .chain(content.at(Place::ResponseHeader))
                })
                .filter(|sighting| sighting.kind == Kind::Email)
                .map(|sighting| sighting.count)
                .fold(0, u32::saturating_add);
            addresses >= 2
        }
        _ => true,
    }
}
