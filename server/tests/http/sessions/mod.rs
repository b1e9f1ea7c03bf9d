//! Sessions: signing in and out, staying in, and who is kept out.

mod ending;
mod enumeration;
mod forgery;
mod lab;
mod mailed_links;
mod resets;
mod routes;
mod second_factors;
mod signing_in;
mod throttling;
