//! Nothing: its manifest is what counts. Written for cargo-hakari, never to be imported.
