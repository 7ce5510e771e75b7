//! Data sets in the DICOM JSON model, and answers made of them.

use api::ApiState;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::{NaiveDate, NaiveTime};
use serde_json::{Map, Value, json};

use crate::{
    multipart::{Part, related_of},
    negotiate::{JSON, Model, XML},
    xml,
};

/// A data set that is being made.
#[derive(Debug, Default)]
pub(crate) struct Dataset(Map<String, Value>);

impl Dataset {
    /// An attribute; without values it stands there empty.
    pub(crate) fn put(&mut self, tag: &str, vr: &str, values: Vec<Value>) -> &mut Self {
        let mut element = json!({ "vr": vr });
        if !values.is_empty() {
            element["Value"] = Value::Array(values);
        }
        self.0.insert(tag.to_owned(), element);
        self
    }

    pub(crate) fn text(&mut self, tag: &str, vr: &str, text: Option<&str>) -> &mut Self {
        self.put(tag, vr, text.map(|text| json!(text)).into_iter().collect())
    }

    pub(crate) fn number(&mut self, tag: &str, vr: &str, number: Option<i64>) -> &mut Self {
        self.put(
            tag,
            vr,
            number.map(|number| json!(number)).into_iter().collect(),
        )
    }

    pub(crate) fn date(&mut self, tag: &str, date: Option<NaiveDate>) -> &mut Self {
        let text = date.map(|date| date.format("%Y%m%d").to_string());
        self.text(tag, "DA", text.as_deref())
    }

    pub(crate) fn time(&mut self, tag: &str, time: Option<NaiveTime>) -> &mut Self {
        let text = time.map(|time| {
            let text = time.format("%H%M%S%.6f").to_string();
            let short = text.strip_suffix(".000000").map(str::to_owned);
            short.unwrap_or(text)
        });
        self.text(tag, "TM", text.as_deref())
    }

    /// A person's name as DICOM writes it.
    pub(crate) fn name(&mut self, tag: &str, name: Option<&str>) -> &mut Self {
        let groups = name.map(|name| {
            let groups: Map<String, Value> = ["Alphabetic", "Ideographic", "Phonetic"]
                .iter()
                .zip(name.split('='))
                .filter(|(_, text)| !text.is_empty())
                .map(|(group, text)| ((*group).to_owned(), json!(text)))
                .collect();
            Value::Object(groups)
        });
        self.put(tag, "PN", groups.into_iter().collect())
    }

    /// An attribute as it stands in another data set, unless it is there already.
    pub(crate) fn copy(&mut self, tag: &str, element: &Value) {
        self.0
            .entry(tag.to_owned())
            .or_insert_with(|| element.clone());
    }

    pub(crate) fn done(self) -> Value {
        Value::Object(self.0)
    }
}

/// The address of `/dicomweb` as whoever asks sees it.
pub(crate) fn base(state: &ApiState, headers: &HeaderMap) -> String {
    format!("{}/dicomweb", api::address(state, headers))
}

/// Data sets as an answer: an array in JSON, a part each in XML.
pub(crate) fn datasets(model: Model, datasets: Vec<Value>) -> Response {
    match model {
        Model::Json => single(StatusCode::OK, JSON, Value::Array(datasets).to_string()),
        Model::Xml => {
            let parts = datasets
                .iter()
                .map(|dataset| Part {
                    media: XML.to_owned(),
                    location: None,
                    bytes: Bytes::from(xml::document(dataset)),
                })
                .collect();
            related_of(XML, parts)
        }
    }
}

/// One data set as an answer.
pub(crate) fn dataset(status: StatusCode, model: Model, dataset: &Value) -> Response {
    match model {
        Model::Json => single(status, JSON, dataset.to_string()),
        Model::Xml => single(status, XML, xml::document(dataset)),
    }
}

/// One body of a media type.
pub(crate) fn single(status: StatusCode, media: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = (status, body.into()).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// Says beside an answer what of the request was not done (RFC 7234 section 5.5).
pub(crate) fn warn(response: &mut Response, text: &str) {
    if let Ok(value) = HeaderValue::try_from(format!("299 medical-portal: \"{text}\"")) {
        response.headers_mut().append(header::WARNING, value);
    }
}
