//! `index.html`: the record to read and print, in one language, without scripts and without anything from elsewhere.

use std::io::Write;

use db::personal_data::Eyes;
use domain::{Language, Section};
use serde_json::Value;
use tokio::runtime::Handle;

use super::{
    ExportError, RecordExport, disclaimer,
    labels::{Head, field, head, section},
};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1,h2{line-height:1.2}h2{border-bottom:1px solid #999;padding-bottom:.2rem;margin-top:2.5rem}\
article{margin:1rem 0;padding:.5rem 1rem;border:1px solid #bbb;border-radius:6px;break-inside:avoid}\
dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.2rem 1rem;margin:0}dt{color:#555}dd{margin:0;overflow-wrap:anywhere;white-space:pre-line}\
ul{margin:0;padding-left:1.2rem}.note{border-left:4px solid #b45309;padding:.3rem .8rem;background:#fff7ed}\
@media(max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}@media print{body{margin:0;max-width:none}nav{display:none}}";

pub(super) fn write(
    export: &RecordExport,
    runtime: &Handle,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let language = export.language;
    let title = head(Head::Title, language);
    write!(
        out,
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{}: {}</p>\n\
         <p class=\"note\">{}</p>\n<p>{}</p>\n<nav><ul>\n",
        head(Head::MadeAt, language),
        export.made_at.format("%Y-%m-%d %H:%M UTC"),
        disclaimer(language),
        head(
            match export.eyes {
                Eyes::Own => Head::Released,
                Eyes::Officer => Head::Whole,
            },
            language
        ),
    )?;
    for each in Section::ALL {
        writeln!(
            out,
            "<li><a href=\"#{each}\">{}</a></li>",
            section(*each, language)
        )?;
    }
    out.write_all(b"</ul></nav>\n")?;
    for each in Section::ALL {
        write!(
            out,
            "<section id=\"{each}\">\n<h2>{}</h2>\n",
            section(*each, language)
        )?;
        let mut is_empty = true;
        export.each(runtime, *each, |item| {
            is_empty = false;
            out.write_all(b"<article>")?;
            value(out, item, language)?;
            out.write_all(b"</article>\n")?;
            Ok(())
        })?;
        if is_empty {
            writeln!(out, "<p>{}</p>", head(Head::Nothing, language))?;
        }
        out.write_all(b"</section>\n")?;
    }
    out.write_all(b"</main>\n</body>\n</html>\n")?;
    Ok(())
}

/// What is for programs alone: hundreds of numbered fields a film. It is in `data.json`.
const FOR_PROGRAMS: &[&str] = &["dicom_metadata"];

/// A value as lists; what is empty or for programs alone is left out.
fn value(out: &mut dyn Write, what: &Value, language: Language) -> Result<(), ExportError> {
    match what {
        Value::Object(members) => {
            out.write_all(b"<dl>")?;
            let shown = members.iter().filter(|(name, member)| {
                !is_empty(member) && !FOR_PROGRAMS.contains(&name.as_str())
            });
            for (name, member) in shown {
                write!(out, "<dt>{}</dt><dd>", escaped(&field(name, language)))?;
                if name == "file"
                    && let Some(path) = member.as_str()
                {
                    write!(out, "<a href=\"{0}\">{0}</a>", escaped(path))?;
                } else {
                    value(out, member, language)?;
                }
                out.write_all(b"</dd>")?;
            }
            out.write_all(b"</dl>")?;
        }
        Value::Array(members) => {
            out.write_all(b"<ul>")?;
            for member in members {
                out.write_all(b"<li>")?;
                value(out, member, language)?;
                out.write_all(b"</li>")?;
            }
            out.write_all(b"</ul>")?;
        }
        Value::Bool(yes) => {
            out.write_all(head(if *yes { Head::Yes } else { Head::No }, language).as_bytes())?;
        }
        Value::Number(number) => write!(out, "{number}")?,
        Value::String(text) => out.write_all(escaped(text).as_bytes())?,
        Value::Null => {}
    }
    Ok(())
}

fn is_empty(what: &Value) -> bool {
    match what {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(members) => members.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        _ => false,
    }
}

/// Text that cannot become markup.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(what: &Value) -> String {
        let mut out = Vec::new();
        value(&mut out, what, Language::De).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_somebody_wrote_never_becomes_markup() {
        let hostile = "<script>alert('x')</script>\"&";
        let page = shown(&json!({ "name": hostile, hostile: [hostile] }));
        assert!(!page.contains("<script") && !page.contains('\''), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 3, "{page}");
    }

    #[test]
    fn empty_things_are_left_out_and_names_are_in_the_language() {
        let page = shown(
            &json!({ "date_of_birth": "1970-01-02", "phone": null, "findings": [], "is_active": false,
                    "dicom_metadata": { "00100010": "for programs" } }),
        );
        assert_eq!(
            page,
            "<dl><dt>Geburtsdatum</dt><dd>1970-01-02</dd><dt>Konto in Benutzung</dt><dd>nein</dd></dl>"
        );
    }
}
