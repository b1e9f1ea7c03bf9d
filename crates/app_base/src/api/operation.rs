//! One operation of the API, as its feature declares it.

use identity::Need;
use schemars::JsonSchema;
use serde_json::Value;

use super::schemas::{Direction, Schemas};
use super::types::{Input, Output};
use crate::http::access_error::{
    AUTHENTICATION_INVALID, AUTHENTICATION_REQUIRED, AUTHORIZATION_DENIED, CSRF_REFUSED, SESSION_REQUIRED,
};
use crate::http::failures::{LEDGER_NOT_FOUND, OUTCOME_UNKNOWN, SERVICE_UNAVAILABLE};
use crate::http::principal::Right;
use crate::http::problem::ProblemType;
use crate::http::problem_types::{INTERNAL_ERROR, REQUEST_TIMEOUT, SERVICE_OVERLOADED};
use crate::http::rate_limit::RATE_LIMITED;

/// The problems that any operation may end with.
static COMMON_PROBLEMS: [&ProblemType; 4] =
    [&RATE_LIMITED, &INTERNAL_ERROR, &SERVICE_OVERLOADED, &REQUEST_TIMEOUT];

/// A method that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or does something.
    Post,
    /// Changes the whole.
    Put,
    /// Changes a part.
    Patch,
    /// Ends something.
    Delete,
}

impl Method {
    /// Returns its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation: a method on a path, with everything that goes in and comes out.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing that is so or not")]
pub struct Operation {
    /// The method.
    pub method: Method,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// The name of the handler.
    pub id: &'static str,
    /// The group in which it is shown.
    pub tag: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What a caller has to know beyond the summary, in Markdown.
    pub description: &'static str,
    /// The right that it takes; `None` where anybody may ask.
    pub right: Option<TypeUse<Need>>,
    /// The type of the handler's input; `None` where it takes nothing of the request.
    pub input: Option<TypeUse<InputParts>>,
    /// The type of the handler's reply; `None` where that is bytes of a media type.
    pub output: Option<TypeUse<OutputParts>>,
    /// The schema of a reply in JSON that is written piece by piece.
    pub json: Option<fn(&mut Schemas) -> Value>,
    /// The schema of a form, which is the body of the request.
    pub form: Option<fn(&mut Schemas) -> Value>,
    /// The schema of a refusal that is no problem, and the statuses that it comes with.
    pub refusal: Option<(Described, &'static [u16])>,
    /// The media types of a reply that is no JSON.
    pub media_types: &'static [&'static str],
    /// Whether the reply is a file to keep, and names it.
    pub download: bool,
    /// The problems that it may end with, beyond those of its input and those of any operation.
    pub problems: Vec<&'static ProblemType>,
    /// Whether an idempotency key is refused.
    pub without_idempotency_key: bool,
    /// Whether callers may ask for it only if it changed.
    pub cached: bool,
    /// Whether the reply is 200 too: the same, of something that was only tried out.
    pub dry_run: bool,
}

/// A Rust type in an operation, by name and by what it means for the document.
#[derive(Clone, Copy, Debug)]
pub struct TypeUse<Parts> {
    /// Its name, as [`std::any::type_name`] has it.
    pub name: &'static str,
    /// Describes it.
    pub parts: Parts,
}

/// Describes a value.
type Described = fn(&mut Schemas) -> Value;
type InputParts = fn(&mut Schemas) -> super::types::DescribedInput;
pub(super) type OutputParts = fn(&mut Schemas) -> super::types::DescribedOutput;

impl Operation {
    /// Starts the description of a GET.
    #[must_use]
    pub fn get(path: &'static str, id: &'static str) -> Self {
        Self::new(Method::Get, path, id)
    }

    /// Starts the description of a POST.
    #[must_use]
    pub fn post(path: &'static str, id: &'static str) -> Self {
        Self::new(Method::Post, path, id)
    }

    /// Starts the description of a PUT.
    #[must_use]
    pub fn put(path: &'static str, id: &'static str) -> Self {
        Self::new(Method::Put, path, id)
    }

    /// Starts the description of a PATCH.
    #[must_use]
    pub fn patch(path: &'static str, id: &'static str) -> Self {
        Self::new(Method::Patch, path, id)
    }

    /// Starts the description of a DELETE.
    #[must_use]
    pub fn delete(path: &'static str, id: &'static str) -> Self {
        Self::new(Method::Delete, path, id)
    }

    fn new(method: Method, path: &'static str, id: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            tag: "",
            summary: "",
            description: "",
            right: None,
            input: None,
            output: None,
            json: None,
            form: None,
            refusal: None,
            media_types: &[],
            download: false,
            problems: Vec::new(),
            without_idempotency_key: false,
            cached: false,
            dry_run: false,
        }
    }

    /// Says in which group it is shown, and what it does in a few words.
    #[must_use]
    pub fn about(self, tag: &'static str, summary: &'static str) -> Self {
        Self { tag, summary, ..self }
    }

    /// Says what a caller has to know beyond the summary, in Markdown.
    #[must_use]
    pub fn description(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Names the right that the handler asks for.
    #[must_use]
    pub fn right<R: Right>(self) -> Self {
        Self { right: Some(TypeUse { name: std::any::type_name::<R>(), parts: R::NEED }), ..self }
    }

    /// Names the type that the handler takes.
    #[must_use]
    pub fn takes<T: Input>(self) -> Self {
        let input = TypeUse { name: std::any::type_name::<T>(), parts: T::describe as InputParts };
        Self { input: Some(input), ..self }
    }

    /// Names the type that the handler returns.
    #[must_use]
    pub fn returns<T: Output>(self) -> Self {
        let output = TypeUse { name: std::any::type_name::<T>(), parts: T::describe as OutputParts };
        Self { output: Some(output), ..self }
    }

    /// Names the type that describes a reply in JSON, which the handler writes piece by piece.
    #[must_use]
    pub fn returns_json<T: JsonSchema>(self) -> Self {
        Self { json: Some(|schemas| schemas.reference::<T>(Direction::Reply)), ..self }
    }

    /// Names the type that describes a form, which the handler reads by itself.
    #[must_use]
    pub fn takes_form<T: JsonSchema>(self) -> Self {
        Self { form: Some(|schemas| schemas.reference::<T>(Direction::Request)), ..self }
    }

    /// Names the type that describes a refusal in a form that is not ours, and the statuses that it comes with.
    #[must_use]
    pub fn refuses_with<T: JsonSchema>(self, statuses: &'static [u16]) -> Self {
        Self { refusal: Some((|schemas| schemas.reference::<T>(Direction::Reply), statuses)), ..self }
    }

    /// Names the media types of a reply that is no JSON of ours.
    #[must_use]
    pub fn returns_media(self, media_types: &'static [&'static str]) -> Self {
        Self { media_types, ..self }
    }

    /// Says that the reply is a file to keep, and names it.
    #[must_use]
    pub fn download(self) -> Self {
        Self { download: true, ..self }
    }

    /// Says that callers may keep it and ask for it only if it changed.
    #[must_use]
    pub fn cached(self) -> Self {
        Self { cached: true, ..self }
    }

    /// Says that an idempotency key is refused.
    #[must_use]
    pub fn without_idempotency_key(self) -> Self {
        Self { without_idempotency_key: true, ..self }
    }

    /// Says that a dry run replies 200 with the same body.
    #[must_use]
    pub fn with_dry_run(self) -> Self {
        Self { dry_run: true, ..self }
    }

    /// Lists the problems that are its own.
    #[must_use]
    pub fn problems(mut self, problems: impl IntoIterator<Item = &'static ProblemType>) -> Self {
        self.problems.extend(problems);
        self
    }

    /// Returns all the problems that it may end with: its own, its input's, and those of any operation.
    #[must_use]
    pub fn all_problems(&self) -> Vec<&'static ProblemType> {
        let input = self.input.map(|input| (input.parts)(&mut Schemas::default()).problems);
        let mut all = input.unwrap_or_default();
        if let Some(right) = self.right {
            all.extend([&AUTHENTICATION_REQUIRED, &AUTHENTICATION_INVALID, &SERVICE_UNAVAILABLE]);
            if self.method != Method::Get {
                all.extend([&CSRF_REFUSED, &OUTCOME_UNKNOWN]);
            }
            match right.parts {
                Need::Known => {}
                Need::SignedIn => all.push(&SESSION_REQUIRED),
                _ => all.push(&AUTHORIZATION_DENIED),
            }
            if matches!(right.parts, Need::OnLedger(_) | Need::OnLedgerEither(..)) {
                all.push(&LEDGER_NOT_FOUND);
            }
        }
        all.extend(&self.problems);
        all.extend(COMMON_PROBLEMS);
        all.sort_by_key(|kind| (kind.status, kind.code));
        all.dedup_by_key(|kind| kind.code);
        all
    }
}
