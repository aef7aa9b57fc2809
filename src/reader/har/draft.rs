//! The members of one entry, as they stand in the text. Any may be missing, null or of another type; of two with one
//! name the last counts.

use super::lines::Lines;
use crate::reader::json::{Json, Kind, Stop, Text};

/// The members of an entry as they come.
#[derive(Default)]
pub(super) struct Draft<'a> {
    pub(super) is_object: bool,
    pub(super) started: Option<Text<'a>>,
    pub(super) time: Option<f64>,
    pub(super) request: RequestDraft<'a>,
    pub(super) response: ResponseDraft<'a>,
    pub(super) error: Option<Text<'a>>,
    pub(super) page: Option<Text<'a>>,
    pub(super) connection_id: Option<Text<'a>>,
    pub(super) connection: Option<Text<'a>>,
    pub(super) server_ip: Option<Text<'a>>,
    pub(super) resource_type: Option<Text<'a>>,
    pub(super) fetch_type: Option<Text<'a>>,
    pub(super) priority: Option<Text<'a>>,
    pub(super) initiator_kind: Option<Text<'a>>,
    pub(super) initiator_url: Option<Text<'a>>,
    pub(super) from_cache: bool,
    pub(super) cache_filled: bool,
    pub(super) is_web_socket: bool,
}

#[derive(Default)]
pub(super) struct RequestDraft<'a> {
    pub(super) present: bool,
    pub(super) method: Option<Text<'a>>,
    pub(super) url: Option<Text<'a>>,
    pub(super) http_version: Option<Text<'a>>,
    pub(super) cookies: bool,
    pub(super) body_size: Option<f64>,
    pub(super) body: Option<Text<'a>>,
    pub(super) body_encoding: Option<Text<'a>>,
    /// The text of `postData.params`, a list.
    pub(super) body_parameters: &'a [u8],
    pub(super) body_type: Option<Text<'a>>,
    pub(super) has_body: bool,
}

#[derive(Default)]
pub(super) struct ResponseDraft<'a> {
    pub(super) present: bool,
    pub(super) status: Option<Text<'a>>,
    pub(super) cookies: bool,
    pub(super) redirect: Option<Text<'a>>,
    pub(super) error: Option<Text<'a>>,
    /// Whether `_error` is there at all, null on success.
    pub(super) error_field: bool,
    pub(super) failure: Option<Text<'a>>,
    pub(super) via_service_worker: bool,
    pub(super) service_worker_source: Option<Text<'a>>,
    pub(super) size: Option<f64>,
    pub(super) body: Option<Text<'a>>,
    pub(super) body_encoding: Option<Text<'a>>,
    pub(super) body_type: Option<Text<'a>>,
    pub(super) body_in_file: bool,
    /// An export from a capture that does not hold the response.
    pub(super) not_recorded: bool,
}

/// What our own export says of a response that its capture does not hold; HAR 1.2 has no other place for it.
pub(crate) const NOT_RECORDED: &str = "not recorded";

impl<'a> Draft<'a> {
    /// Reads the members of one entry. A value that is no object leaves `is_object` unset.
    pub(super) fn read(
        json: &mut Json<'a>,
        request_lines: &mut Lines<'a>,
        response_lines: &mut Lines<'a>,
    ) -> Result<Self, Stop> {
        let mut draft = Self::default();
        request_lines.clear();
        response_lines.clear();
        draft.is_object = json.object(|json, key| {
            match key {
                b"startedDateTime" => draft.started = json.text()?,
                b"time" => draft.time = json.number()?,
                b"request" => draft.request = request(json, request_lines)?,
                b"response" => draft.response = response(json, response_lines)?,
                b"_error" => draft.error = json.text()?,
                b"pageref" => draft.page = json.scalar()?,
                b"_connectionId" => draft.connection_id = json.scalar()?,
                b"connection" => draft.connection = json.scalar()?,
                b"serverIPAddress" => draft.server_ip = json.text()?,
                b"_resourceType" => draft.resource_type = json.text()?,
                b"_fetchType" => draft.fetch_type = json.text()?,
                b"_priority" => draft.priority = json.text()?,
                b"_initiator" => match json.kind()? {
                    Kind::Object => {
                        json.object(|json, key| {
                            match key {
                                b"type" => draft.initiator_kind = json.text()?,
                                b"url" => draft.initiator_url = json.text()?,
                                _ => json.skip()?,
                            }
                            Ok(())
                        })?;
                    }
                    _ => draft.initiator_url = json.text()?,
                },
                b"_initiator_type" => draft.initiator_kind = json.text()?,
                b"_fromCache" => draft.from_cache = json.is_filled()?,
                b"cache" => {
                    draft.cache_filled = false;
                    json.object(|json, key| {
                        let filled = json.is_filled()?;
                        draft.cache_filled |= filled && key == b"afterRequest";
                        Ok(())
                    })?;
                }
                b"_isWebSocket" | b"_webSocketMessages" => {
                    draft.is_web_socket |= json.is_filled()?;
                }
                _ => json.skip()?,
            }
            Ok(())
        })?;
        Ok(draft)
    }
}

fn request<'a>(json: &mut Json<'a>, lines: &mut Lines<'a>) -> Result<RequestDraft<'a>, Stop> {
    lines.clear();
    let mut draft = RequestDraft::default();
    draft.present = json.object(|json, key| {
        match key {
            b"method" => draft.method = json.text()?,
            b"url" => draft.url = json.text()?,
            b"httpVersion" => draft.http_version = json.text()?,
            b"headers" => lines.read(json)?,
            b"cookies" => draft.cookies = json.is_filled()?,
            b"bodySize" => draft.body_size = json.number()?,
            b"postData" => post_data(json, &mut draft)?,
            _ => json.skip()?,
        }
        Ok(())
    })?;
    Ok(draft)
}

fn post_data<'a>(json: &mut Json<'a>, draft: &mut RequestDraft<'a>) -> Result<(), Stop> {
    draft.body = None;
    draft.body_encoding = None;
    draft.body_parameters = b"";
    draft.body_type = None;
    json.object(|json, key| {
        match key {
            b"text" => draft.body = json.text()?,
            b"encoding" | b"_encoding" => draft.body_encoding = json.text()?,
            b"params" => draft.body_parameters = json.filled()?.unwrap_or_default(),
            b"mimeType" => draft.body_type = json.text()?.filter(|text| !text.raw().is_empty()),
            _ => json.skip()?,
        }
        Ok(())
    })?;
    // A type without a text is a body whose text was not kept; an empty text is no body.
    draft.has_body = !draft.body_parameters.is_empty()
        || match draft.body {
            Some(text) => !text.raw().is_empty(),
            None => draft.body_type.is_some(),
        };
    Ok(())
}

fn response<'a>(json: &mut Json<'a>, lines: &mut Lines<'a>) -> Result<ResponseDraft<'a>, Stop> {
    lines.clear();
    let mut draft = ResponseDraft::default();
    draft.present = json.object(|json, key| {
        match key {
            b"status" => draft.status = json.scalar()?,
            b"headers" => lines.read(json)?,
            b"cookies" => draft.cookies = json.is_filled()?,
            b"content" => content(json, &mut draft)?,
            b"redirectURL" => draft.redirect = json.text()?,
            b"_error" => {
                draft.error_field = true;
                draft.error = json.text()?;
            }
            b"_failureText" => draft.failure = json.text()?,
            b"_fetchedViaServiceWorker" => draft.via_service_worker = json.is_filled()?,
            b"_serviceWorkerResponseSource" => draft.service_worker_source = json.text()?,
            b"comment" => {
                let comment = json.text()?;
                draft.not_recorded =
                    comment.is_some_and(|text| text.raw() == NOT_RECORDED.as_bytes());
            }
            _ => json.skip()?,
        }
        Ok(())
    })?;
    Ok(draft)
}

fn content<'a>(json: &mut Json<'a>, draft: &mut ResponseDraft<'a>) -> Result<(), Stop> {
    draft.size = None;
    draft.body = None;
    draft.body_encoding = None;
    draft.body_in_file = false;
    draft.body_type = None;
    json.object(|json, key| {
        match key {
            b"size" => draft.size = json.number()?,
            b"text" => draft.body = json.text()?,
            b"encoding" => draft.body_encoding = json.text()?,
            b"mimeType" => draft.body_type = json.text()?,
            // Playwright stores bodies beside the HAR.
            b"_file" => draft.body_in_file = json.is_filled()?,
            _ => json.skip()?,
        }
        Ok(())
    })?;
    Ok(())
}
