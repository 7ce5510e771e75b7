//! `GET …/rendered` and `GET …/thumbnail`: pictures for eyes (PS3.18 section 10.4.1.1.3 and 8.3.5).

use api::{ApiState, Caller, Problem};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use decoding::{Encoding, Lane, PictureRequest};
use imaging::{Viewport, Window, WindowFunction};

use super::{Place, bytes_of, find_one, limits};
use crate::{
    answer, fault,
    negotiate::{Wanted, wanted},
};

const JPEG: &str = "image/jpeg";
const PNG: &str = "image/png";
/// The longest edge of a thumbnail without a viewport.
const THUMBNAIL: u32 = 256;
/// The longest edge of a viewport.
const LARGEST: u32 = 8192;

/// A picture of a frame.
pub(crate) async fn rendered(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let view = View::parse(&query)?;
    send(
        &state,
        &caller,
        &headers,
        &query,
        &place,
        view,
        "dicomweb rendered",
    )
    .await
}

/// A small picture of a frame, or of the instance in the middle of a study or series.
pub(crate) async fn thumbnail(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let mut view = View::parse(&query)?;
    view.small = view.viewport.is_none();
    send(
        &state,
        &caller,
        &headers,
        &query,
        &place,
        view,
        "dicomweb thumbnail",
    )
    .await
}

/// How a picture is to look.
#[derive(Debug, Default, PartialEq)]
struct View {
    window: Option<Window>,
    viewport: Option<Viewport>,
    quality: Option<u8>,
    small: bool,
    annotations: bool,
}

impl View {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut view = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "window" => view.window = Some(window(&value)?),
                "viewport" => view.viewport = Some(viewport(&value)?),
                "quality" => view.quality = Some(quality(&value)?),
                "annotation" => match &*value {
                    "false" | "" => {}
                    names
                        if names
                            .split(',')
                            .all(|name| ["patient", "technique"].contains(&name)) =>
                    {
                        view.annotations = true;
                    }
                    _ => {
                        return Err(fault::malformed(
                            "annotation is false, or patient, technique or both",
                        ));
                    }
                },
                _ => {}
            }
        }
        Ok(view)
    }
}

fn window(text: &str) -> Result<Window, Problem> {
    let wrong = || {
        fault::malformed(
            "window is CENTER,WIDTH,FUNCTION: numbers, the width at least 1, and linear, linear-exact or sigmoid",
        )
    };
    let mut parts = text.split(',').map(str::trim);
    let mut number = || {
        parts
            .next()?
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    };
    let (center, width) = (number().ok_or_else(wrong)?, number().ok_or_else(wrong)?);
    let function = match parts.next() {
        None | Some("linear") => WindowFunction::Linear,
        Some("linear-exact") => WindowFunction::LinearExact,
        Some("sigmoid") => WindowFunction::Sigmoid,
        Some(_) => return Err(wrong()),
    };
    let least = if function == WindowFunction::Linear {
        1.0
    } else {
        f64::MIN_POSITIVE
    };
    if parts.next().is_some() || width < least {
        return Err(wrong());
    }
    Ok(Window {
        center,
        width,
        function,
    })
}

fn viewport(text: &str) -> Result<Viewport, Problem> {
    let wrong = || {
        fault::malformed(
            "viewport is WIDTH,HEIGHT, each 1 to 8192, and if wanted the part to show: ,LEFT,TOP,WIDTH,HEIGHT",
        )
    };
    let numbers: Option<Vec<u32>> = text
        .split(',')
        .map(|part| {
            let number: f64 = part.trim().parse().ok()?;
            // Flipping by negative sides is not done, and refused.
            (0.0..=1_000_000.0)
                .contains(&number)
                .then_some(number.round() as u32)
        })
        .collect();
    let (width, height, source) = match numbers.ok_or_else(wrong)?[..] {
        [width, height] => (width, height, None),
        [width, height, left, top, of_width, of_height] if of_width > 0 && of_height > 0 => {
            (width, height, Some([left, top, of_width, of_height]))
        }
        _ => return Err(wrong()),
    };
    let fits = |side: u32| (1..=LARGEST).contains(&side);
    if !fits(width) || !fits(height) {
        return Err(wrong());
    }
    Ok(Viewport {
        width,
        height,
        source,
    })
}

fn quality(text: &str) -> Result<u8, Problem> {
    text.parse()
        .ok()
        .filter(|quality| (1..=100).contains(quality))
        .ok_or_else(|| fault::malformed("quality is a whole number from 1 to 100"))
}

/// JPEG unless PNG is asked for before it.
fn media(asked: &[Wanted]) -> Result<&'static str, Problem> {
    if asked.is_empty() {
        return Ok(JPEG);
    }
    asked
        .iter()
        .find_map(|wanted| [JPEG, PNG].into_iter().find(|media| wanted.takes(media)))
        .ok_or_else(|| fault::not_acceptable("image/jpeg or image/png"))
}

async fn send(
    state: &ApiState,
    caller: &Caller,
    headers: &HeaderMap,
    query: &str,
    place: &Place,
    view: View,
    form: &str,
) -> Result<Response, Problem> {
    let media = media(&wanted(headers, Some(query)))?;
    let frames = place.frames()?;
    let [frame] = frames[..] else {
        return Err(fault::malformed("one frame is rendered at a time"));
    };
    let one = find_one(state, caller, place, form).await?;
    let bytes = bytes_of(&state.blobs, &one).await?;
    let request = PictureRequest {
        frame,
        window: view.window,
        size: view.small.then_some(THUMBNAIL),
        viewport: view.viewport,
        encoding: if media == PNG {
            Encoding::Png
        } else {
            Encoding::Jpeg(view.quality.unwrap_or(90))
        },
    };
    let decoders = state.decoders.clone();
    let picture = tokio::task::spawn_blocking(move || {
        decoders.encode(Lane::Screen, &bytes, request, &limits())
    })
    .await?
    .map_err(|error| fault::undecodable(&error))?;
    let mut response = answer::single(StatusCode::OK, media, picture);
    if view.annotations {
        answer::warn(&mut response, "annotations are not drawn into pictures");
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_read_or_refused() {
        let view = View::parse(
            "window=40,400,linear&viewport=256,128,1,2,30,40&quality=50&annotation=false",
        )
        .unwrap();
        assert_eq!(view.window.unwrap().width.to_bits(), 400f64.to_bits());
        assert_eq!(view.viewport.unwrap().source, Some([1, 2, 30, 40]));
        assert_eq!((view.quality, view.annotations), (Some(50), false));
        for wrong in [
            "window=1",
            "window=a,b,linear",
            "window=1,0,linear",
            "window=1,2,cubic",
            "window=NaN,2,linear",
            "viewport=0,10",
            "viewport=10",
            "viewport=10,10,1",
            "viewport=-5,10",
            "viewport=9000,1",
            "quality=0",
            "quality=101",
            "annotation=everything",
        ] {
            assert!(View::parse(wrong).is_err(), "{wrong}");
        }
    }
}
