//! Sessions: signing in and out, staying in, and who is kept out.

mod ending;
mod enumeration;
mod forgery;
mod lab;
mod routes;
mod signing_in;
mod throttling;
