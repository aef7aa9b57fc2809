use super::words::fact;
use super::{Context, Details, FetchView, Findings, Grant, Rule, declare_rule};
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
            let mut granted: std::collections::BTreeMap<&Origin, (Grant, u64)> =
                std::collections::BTreeMap::new();
            for endpoint in seen.endpoints.values() {
                for (origin, grant) in endpoint.origins.iter() {
                    if grant.echoed > 0 {
                        let (sum, endpoints) = granted.entry(origin).or_default();
                        sum.merge((**grant).clone());
                        *endpoints += 1;
                    }
                }
            }
            for (origin, (grant, endpoints)) in granted {
                let relation = relation(origin, target);
                let Some(place) = grant.place.clone() else {
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
                    .times(grant.echoed)
                    .at_target(target, place, || {
                        details(target, origin, &grant, endpoints, relation)
                    });
            }
        }
    }
}

fn details(
    target: &Origin,
    origin: &Origin,
    grant: &Grant,
    endpoints: u64,
    relation: Relation,
) -> Details {
    let credentials = if grant.credentialed > 0 {
        "with credentials allowed"
    } else {
        "without credentials"
    };
    let mut evidence: Vec<Evidence> = vec![
        fact("relation", relation.as_str()),
        fact("endpoints", endpoints.to_string()),
        fact(
            "reads with the user's credentials",
            grant.authenticated.to_string(),
        ),
    ];
    for (name, time) in [("first seen", grant.first), ("last seen", grant.last)] {
        if let Some(time) = time {
            evidence.push(fact(name, time.to_rfc3339()));
        }
    }
    let times = match grant.echoed {
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
