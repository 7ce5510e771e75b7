//! What of the media types that are asked for is sent (PS3.18 section 8.7).

use api::Problem;
use axum::http::{HeaderMap, header};

use crate::fault;

/// The media types of an answer in the DICOM models.
pub(crate) const JSON: &str = "application/dicom+json";
pub(crate) const XML: &str = "application/dicom+xml";

/// A media type that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// The type in lower case; of `multipart/related` that of its parts.
    pub(crate) media: String,
    /// Whether it is to come in parts.
    pub(crate) related: bool,
    /// The parameter `transfer-syntax`.
    pub(crate) transfer_syntax: Option<String>,
    quality: f32,
}

/// What is asked for, the dearest first; the query parameter `accept` goes before the header. Empty: anything.
pub(crate) fn wanted(headers: &HeaderMap, query: Option<&str>) -> Vec<Wanted> {
    let in_query: Vec<String> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .filter(|(name, value)| name == "accept" && !value.trim().is_empty())
        .map(|(_, value)| value.into_owned())
        .collect();
    let in_header = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok().map(str::to_owned));
    let all: Vec<String> = if in_query.is_empty() {
        in_header.collect()
    } else {
        in_query
    };
    let mut wanted: Vec<Wanted> = all
        .iter()
        .flat_map(|value| split(value, ','))
        .filter_map(parse)
        .collect();
    wanted.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    wanted
}

/// Parts of a header between separators, quoted strings kept whole.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn parse(text: &str) -> Option<Wanted> {
    let mut parts = split(text, ';').into_iter();
    let media = parts.next()?.trim().to_ascii_lowercase();
    if media.is_empty() {
        return None;
    }
    let mut wanted = Wanted {
        related: media == "multipart/related",
        media,
        transfer_syntax: None,
        quality: 1.0,
    };
    for parameter in parts {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        let value = value.trim().trim_matches('"').trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "type" if wanted.related => wanted.media = value.to_ascii_lowercase(),
            "transfer-syntax" => wanted.transfer_syntax = Some(value.to_owned()),
            "q" => wanted.quality = value.parse().unwrap_or(0.0),
            _ => {}
        }
    }
    (wanted.quality > 0.0).then_some(wanted)
}

impl Wanted {
    /// Whether a media type is meant by it.
    pub(crate) fn takes(&self, media: &str) -> bool {
        let group = media.split('/').next().unwrap_or_default();
        self.media == media
            || self.media == "*/*"
            || self.media == "multipart/*"
            || (self.related && self.media == "multipart/related")
            || self.media == format!("{group}/*")
    }
}

/// In which of the two models data sets are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Model {
    /// The DICOM JSON Model.
    Json,
    /// The Native DICOM Model in XML.
    Xml,
}

/// The model that is asked for.
pub(crate) fn model(headers: &HeaderMap, query: Option<&str>) -> Result<Model, Problem> {
    let wanted = wanted(headers, query);
    if wanted.is_empty() {
        return Ok(Model::Json);
    }
    wanted
        .iter()
        .find_map(|wanted| {
            if wanted.media == XML {
                Some(Model::Xml)
            } else if !wanted.related && (wanted.takes(JSON) || wanted.media == "application/json")
            {
                Some(Model::Json)
            } else {
                None
            }
        })
        .ok_or_else(|| {
            fault::not_acceptable(
                "application/dicom+json or multipart/related; type=\"application/dicom+xml\"",
            )
        })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn asked(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))])
    }

    #[test]
    fn the_dearest_comes_first_and_quoted_commas_stay() {
        let wanted = wanted(
            &asked(
                "image/png;q=0.5, multipart/related; type=\"image/jp2\"; transfer-syntax=1.2, image/jpeg;q=0",
            ),
            None,
        );
        let media: Vec<&str> = wanted.iter().map(|wanted| wanted.media.as_str()).collect();
        assert_eq!(media, ["image/jp2", "image/png"]);
        assert!(wanted[0].related);
        assert_eq!(wanted[0].transfer_syntax.as_deref(), Some("1.2"));
    }

    #[test]
    fn the_models_are_told_apart() {
        assert_eq!(model(&HeaderMap::new(), None).unwrap(), Model::Json);
        assert_eq!(model(&asked("*/*"), None).unwrap(), Model::Json);
        assert_eq!(
            model(&asked("application/json"), None).unwrap(),
            Model::Json
        );
        let xml = "multipart/related; type=\"application/dicom+xml\"";
        assert_eq!(model(&asked(xml), None).unwrap(), Model::Xml);
        assert!(model(&asked("text/html"), None).is_err());
        assert_eq!(
            model(&asked("text/html"), Some("accept=application/dicom%2Bjson")).unwrap(),
            Model::Json
        );
    }
}
