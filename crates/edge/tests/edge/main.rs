//! The edge as clients meet it, over real sockets. No client library tidies up what is sent here.

mod client;
mod drain;
mod hostile;
mod http2;
mod overload;
mod site;
mod timeouts;
mod tls;
mod tls_files;
