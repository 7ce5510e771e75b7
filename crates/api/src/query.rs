//! What every list takes.

use db::Cursor;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::codes::FieldCode;
use crate::problem::Problem;

/// Which page of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Rows a page, 1 to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<i64>,
    /// Where the page starts: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// The checked limit and cursor.
    pub(crate) fn parse(&self) -> Result<(i64, Option<Cursor>), Problem> {
        let limit = self.limit.unwrap_or(50);
        if !(1..=200).contains(&limit) {
            return Err(Problem::field(
                "limit",
                FieldCode::OutOfRange,
                "must be 1 to 200",
            ));
        }
        let cursor = self.cursor.as_deref().map(str::parse).transpose()?;
        Ok((limit, cursor))
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListAnswer<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page starts; absent on the last one.
    pub next_cursor: Option<String>,
}

impl<T> From<db::Page<T>> for ListAnswer<T> {
    fn from(page: db::Page<T>) -> Self {
        Self {
            items: page.items,
            next_cursor: page.next_cursor,
        }
    }
}

/// Text to look for: none when it is empty.
pub(crate) fn search_text(text: Option<&str>) -> Result<Option<&str>, Problem> {
    match text.map(str::trim) {
        Some(text) if text.chars().count() > 100 => Err(Problem::field(
            "search",
            FieldCode::TooLong,
            "at most 100 characters",
        )),
        Some("") | None => Ok(None),
        Some(text) => Ok(Some(text)),
    }
}
