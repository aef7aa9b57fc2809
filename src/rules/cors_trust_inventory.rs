use super::words::fact;
use super::{Context, Details, FetchView, Findings, Grants, Rule, declare_rule};
use crate::cors::Origin;
use crate::facts::{Relation, relation};
use crate::finding::{Certainty, Evidence};

declare_rule! {
    /// ## What it finds
    /// Who was allowed to read what: one row for each server and origin that was granted by name, with or without
    /// credentials, over all recordings. `*` names nobody and is no row. Never a defect by itself; this is where a single
    /// echo goes.
    ///
    /// ## Why it matters
    /// Each trusted origin is one more door: whoever takes over that site reads here. The list is worth a look once a year.
    ///
    /// ## Example
    /// ```text
    /// https://api.bank.test granted https://app.bank.test, with credentials, 41 times
    /// ```
    ///
    /// ## Fix
    /// Remove origins that nobody owns or needs any more.
    ///
    /// ## References
    /// - Chen et al. 2018, We Still Don't Have Secure Cross-Domain Requests
    CorsTrustInventory {
        id: "cors-trust-inventory", category: Permissive, severity: Info, since: "0.1.0",
        title: "an origin is allowed to read"
    }
}

impl Rule for CorsTrustInventory {
    fn declaration(&self) -> &'static super::Declaration {
        Self::DECLARATION
    }

    fn check(&self, _view: FetchView<'_>, _cx: &Context, _out: &mut Findings) {}

    fn conclude(&self, cx: &Context, out: &mut Findings) {
        for (target, seen) in cx.targets() {
            for (origin, grants) in &seen.granted {
                let relation = relation(origin, target);
                let Some(place) = grants.place.clone() else {
                    continue;
                };
                if relation == Relation::SameOrigin {
                    continue;
                }
                out.report(Self::DECLARATION)
                    .confidence(Certainty::Proven)
                    .reach(if relation == Relation::SameSite {
                        "sibling"
                    } else {
                        "listed"
                    })
                    .about(origin.serialised())
                    .initiator(Some(origin))
                    .times(grants.times)
                    .at_target(target, place, || {
                        details(
                            target,
                            origin,
                            grants,
                            seen.endpoints_granting(origin),
                            relation,
                        )
                    });
            }
        }
    }
}

fn details(
    target: &Origin,
    origin: &Origin,
    grants: &Grants,
    endpoints: u64,
    relation: Relation,
) -> Details {
    let credentials = if grants.credentialed > 0 {
        "with credentials allowed"
    } else {
        "without credentials"
    };
    let mut evidence: Vec<Evidence> = vec![
        fact("relation", relation.as_str()),
        fact("endpoints", endpoints.to_string()),
        fact(
            "reads with the user's credentials",
            grants.authenticated.to_string(),
        ),
    ];
    for (name, time) in [("first seen", grants.first), ("last seen", grants.last)] {
        if let Some(time) = time {
            evidence.push(fact(name, time.to_rfc3339()));
        }
    }
    let times = match grants.times {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let where_ = match endpoints {
        1 => "one endpoint".to_owned(),
        n => format!("{n} endpoints"),
    };
    Details {
        message: format!(
            "{target} granted {origin} ({}) {times} on {where_}, {credentials}",
            relation.as_str()
        ),
        evidence,
        ..Details::default()
    }
}
