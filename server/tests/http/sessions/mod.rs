//! Sessions: signing in and out, staying in, and who is kept out.

mod ending;
mod forgery;
mod lab;
mod routes;
mod signing_in;
mod throttling;
