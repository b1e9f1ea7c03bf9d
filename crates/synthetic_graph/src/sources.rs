//! The sources.

use std::fmt::Write as _;

use crate::{APP, SDK, SERVER};

/// The file with the blueprint.
pub const BLUEPRINT: &str = "synthetic_app/src/blueprint.rs";
/// The file with the request-scoped constructors.
pub const COMPONENTS: &str = "synthetic_app/src/components.rs";
/// The file with the middlewares.
pub const MIDDLEWARES: &str = "synthetic_app/src/middlewares.rs";
/// The file with the singletons.
pub const SINGLETONS: &str = "synthetic_app/src/singletons.rs";

const WRAPS: usize = 4;
const POST_PROCESSING: usize = 2;
const SINGLETONS_COUNT: usize = 20;
const REQUEST_SCOPED: usize = 10;

/// Returns the path of the file with a route's handler.
#[must_use]
pub fn route_file(number: usize) -> String {
    format!("{APP}/src/routes/route_{number:04}.rs")
}

/// Returns all sources, with so many routes.
pub(crate) fn all(routes: usize) -> Vec<(String, String)> {
    let mut files = vec![
        (format!("{APP}/src/lib.rs"), LIBRARY.to_owned()),
        (format!("{APP}/src/bin/bp.rs"), HAND_OVER.replace("{APP}", APP)),
        (BLUEPRINT.to_owned(), blueprint()),
        (COMPONENTS.to_owned(), components()),
        (MIDDLEWARES.to_owned(), middlewares()),
        (SINGLETONS.to_owned(), singletons()),
        (format!("{APP}/src/routes/mod.rs"), modules(routes)),
        (format!("{SERVER}/build.rs"), COPY.replace("{SDK}", SDK)),
        (format!("{SERVER}/src/main.rs"), MAIN.to_owned()),
    ];
    files.extend((0..routes).map(|number| (route_file(number), route(number))));
    files
}

const LIBRARY: &str = "//! Routes that do nothing, to measure and test code generation with.

pub mod blueprint;
pub mod components;
pub mod middlewares;
pub mod routes;
pub mod singletons;
";

/// What hands the blueprint over.
const HAND_OVER: &str = include_str!("../templates/bp.txt");

/// The build script of the server.
const COPY: &str = include_str!("../templates/build.txt");

/// The program of the server, with the generated code.
const MAIN: &str = include_str!("../templates/main.txt");

fn blueprint() -> String {
    let mut text = "//! The blueprint.

use pavex::Blueprint;
use pavex::blueprint::from;

use crate::middlewares;

/// Says what there is.
#[must_use]
pub fn blueprint() -> Blueprint {
    let mut bp = Blueprint::new();
    bp.import(from![pavex, crate]);
"
    .to_owned();
    for number in 0..WRAPS {
        writeln!(text, "    bp.wrap(middlewares::WRAP_{number});").expect("texts can be written");
    }
    for number in 0..POST_PROCESSING {
        writeln!(text, "    bp.post_process(middlewares::POST_PROCESS_{number});")
            .expect("texts can be written");
    }
    text.push_str("    bp.routes(from![crate]);\n    bp\n}\n");
    text
}

fn singletons() -> String {
    let mut text = "//! What lives as long as the service.\n\nuse pavex::singleton;\n".to_owned();
    for number in 0..SINGLETONS_COUNT {
        write!(
            text,
            "
/// A singleton.
#[derive(Debug)]
pub struct S{number:02}(pub usize);

/// Makes it.
#[singleton(allow(unused))]
pub fn s_{number:02}() -> S{number:02} {{
    let value = {number};
    S{number:02}(value)
}}
"
        )
        .expect("texts can be written");
    }
    text
}

fn components() -> String {
    let mut text =
        "//! What is made for each request.\n\nuse pavex::request_scoped;\n\nuse crate::singletons::*;\n"
            .to_owned();
    for number in 0..REQUEST_SCOPED {
        let (one, other) = (number, number + REQUEST_SCOPED);
        write!(
            text,
            "
/// Made for each request.
#[derive(Debug)]
pub struct R{number:02}(pub usize);

/// Makes it.
#[request_scoped(allow(unused))]
pub fn r_{number:02}(one: &S{one:02}, other: &S{other:02}) -> R{number:02} {{
    let sum = one.0 + other.0;
    R{number:02}(sum)
}}
"
        )
        .expect("texts can be written");
    }
    text
}

fn middlewares() -> String {
    let mut text = "//! What stands around the routes.

use pavex::Response;
use pavex::middleware::Next;
use pavex::{post_process, wrap};

use crate::components::*;
"
    .to_owned();
    for number in 0..WRAPS {
        write!(
            text,
            "
/// Goes on with what is inside.
#[wrap]
pub async fn wrap_{number}<C>(next: Next<C>, _made: &R{number:02}) -> Response
where
    C: IntoFuture<Output = Response>,
{{
    next.await
}}
"
        )
        .expect("texts can be written");
    }
    for number in 0..POST_PROCESSING {
        let made = WRAPS + number;
        write!(
            text,
            "
/// Leaves the response as it is.
#[post_process]
pub fn post_process_{number}(response: Response, _made: &R{made:02}) -> Response {{
    response
}}
"
        )
        .expect("texts can be written");
    }
    text
}

fn modules(routes: usize) -> String {
    let mut text = "//! The routes, each in a file of its own.\n\n".to_owned();
    for number in 0..routes {
        writeln!(text, "pub mod route_{number:04};").expect("texts can be written");
    }
    text
}

fn route(number: usize) -> String {
    let (made, other) = (number % REQUEST_SCOPED, (number + 1) % REQUEST_SCOPED);
    let singleton = number % SINGLETONS_COUNT;
    format!(
        "//! `GET /routes/{number:04}`.

use pavex::{{Response, get}};

use crate::components::{{R{made:02}, R{other:02}}};
use crate::singletons::S{singleton:02};

/// Says a number.
#[get(path = \"/routes/{number:04}\")]
pub fn route_{number:04}(made: &R{made:02}, other: &R{other:02}, single: &S{singleton:02}) -> Response {{
    let number = {number} + made.0 + other.0 + single.0;
    Response::ok().set_typed_body(number.to_string())
}}
"
    )
}
