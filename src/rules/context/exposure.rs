//! stub
use super::FetchView;
use crate::exchange::Capture;
#[derive(Clone, Debug, Default)]
pub(crate) struct Exposure {}
impl Exposure {
    pub(super) fn observe_capture(&mut self, _: &Capture) {}
    pub(super) fn observe(&mut self, _: FetchView<'_>) {}
    pub(super) fn merge(&mut self, _: Self) {}
}
