//! `GET …/rendered` and `GET …/thumbnail`: pictures for eyes (PS3.18 section 10.4.1.1.3 and 8.3.5).

use api::{ApiState, Caller, Problem};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use db::dicom::StoredInstance;
use decoding::{Encoding, Lane, PictureRequest};
use imaging::{Viewport, Window, WindowFunction};

use super::{Place, bytes_of, find, find_one, limits, url_of};
use crate::{
    answer, fault,
    multipart::{Part, related},
    negotiate::{Wanted, wanted},
};

const JPEG: &str = "image/jpeg";
const PNG: &str = "image/png";
/// The longest edge of a thumbnail without a viewport.
const THUMBNAIL: u32 = 256;
/// The longest edge of a viewport.
const LARGEST: u32 = 8192;

/// A picture of a frame; of several frames, of a series or of a study a part each.
pub(crate) async fn rendered(
    State(state): State<ApiState>,
    caller: Caller,
    headers: HeaderMap,
    Path(place): Path<Place>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let view = View::parse(&query)?;
    let media = media(&wanted(&headers, Some(&query)))?;
    let frames = place.frames()?;
    let form = "dicomweb rendered";
    let response = if place.instance.is_some() && frames.len() == 1 {
        let one = find_one(&state, &caller, &place, form).await?;
        let picture = view.draw(&state, &one, frames[0], media).await?;
        answer::single(StatusCode::OK, media, picture)
    } else {
        let found = find(&state, &caller, &place, form).await?;
        let each = each_frame(found, place.instance.is_some().then_some(&frames[..]));
        let base = answer::base(&state, &headers);
        draw_each(&state, &base, &place, view, media, each).await?
    };
    Ok(view.warned(response))
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
    let media = media(&wanted(&headers, Some(&query)))?;
    let frames = place.frames()?;
    let [frame] = frames[..] else {
        return Err(fault::malformed("a thumbnail is of one frame"));
    };
    let one = find_one(&state, &caller, &place, "dicomweb thumbnail").await?;
    let picture = view.draw(&state, &one, frame, media).await?;
    Ok(view.warned(answer::single(StatusCode::OK, media, picture)))
}

/// How a picture is to look.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
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

impl View {
    /// With a warning where annotations were asked for.
    fn warned(self, mut response: Response) -> Response {
        if self.annotations {
            answer::warn(&mut response, "annotations are not drawn into pictures");
        }
        response
    }

    async fn draw(
        self,
        state: &ApiState,
        one: &StoredInstance,
        frame: u32,
        media: &str,
    ) -> Result<Vec<u8>, Problem> {
        let bytes = bytes_of(&state.blobs, one).await?;
        let request = PictureRequest {
            frame,
            window: self.window,
            size: self.small.then_some(THUMBNAIL),
            viewport: self.viewport,
            encoding: if media == PNG {
                Encoding::Png
            } else {
                Encoding::Jpeg(self.quality.unwrap_or(90))
            },
        };
        let decoders = state.decoders.clone();
        tokio::task::spawn_blocking(move || {
            decoders.encode(Lane::Screen, &bytes, request, &limits())
        })
        .await?
        .map_err(|error| fault::undecodable(&error))
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

/// Each frame of each instance, from 0, or those that are named.
fn each_frame(found: Vec<StoredInstance>, named: Option<&[u32]>) -> Vec<(StoredInstance, u32)> {
    let frames_of = |one: &StoredInstance| {
        let all = || (0..u32::try_from(one.frames).unwrap_or(1).max(1)).collect();
        named.map_or_else(all, <[u32]>::to_vec)
    };
    found
        .into_iter()
        .flat_map(|one| {
            let frames = frames_of(&one);
            frames.into_iter().map(move |frame| (one.clone(), frame))
        })
        .collect()
}

/// The first picture is made before anything is said, so that a file nobody can decode is a refusal; one that cannot be
/// made later breaks the answer off.
async fn draw_each(
    state: &ApiState,
    base: &str,
    place: &Place,
    view: View,
    media: &'static str,
    each: Vec<(StoredInstance, u32)>,
) -> Result<Response, Problem> {
    let study = place.study.clone().unwrap_or_default();
    let base = base.to_owned();
    let part = move |one: &StoredInstance, frame: u32, picture: Vec<u8>| Part {
        media: media.to_owned(),
        location: Some(format!(
            "{}/frames/{}/rendered",
            url_of(&base, &study, one),
            frame + 1
        )),
        bytes: picture.into(),
    };
    let mut rest = each.into_iter();
    let (one, frame) = rest.next().ok_or(Problem::NotFound("frame"))?;
    let first = part(&one, frame, view.draw(state, &one, frame, media).await?);
    let state = state.clone();
    let parts = async_stream::try_stream! {
        yield first;
        for (one, frame) in rest {
            let picture = view.draw(&state, &one, frame, media).await.map_err(|problem| {
                tracing::error!(?problem, image = %one.image_id, frame, "a frame cannot be shown");
                std::io::Error::other("a frame cannot be shown")
            })?;
            yield part(&one, frame, picture);
        }
    };
    Ok(related(media, parts))
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
