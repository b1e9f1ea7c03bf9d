//! The files of Swagger UI, out of the archive that they are released in, which is part of the binary.
//!
//! They are served compressed as they lie there: a ZIP entry and a gzip file wrap the same DEFLATE data
//! (RFC 1951). Nothing is ever unpacked. Clients that refuse gzip are not catered for: no browser does.

use rawzip::{CompressionMethod, ZipArchive};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

use crate::http::asset::Asset;

/// What of the archive is served, with its media type.
const FILES: [(&str, &str); 2] = [
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui.css", "text/css; charset=utf-8"),
];

/// A gzip header (RFC 1952): DEFLATE, no name, no time, any system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Returns a file of Swagger UI.
///
/// # Panics
/// When the archive is damaged, which a test rules out.
pub(super) fn file(name: &str) -> Option<Asset> {
    let (name, media_type) = FILES.into_iter().find(|(file, _)| *file == name)?;
    let archive = ZipArchive::from_slice(SWAGGER_UI_VENDORED).expect("it is an archive");
    let wanted = format!("/dist/{name}");
    let mut entries = archive.entries();
    let record = loop {
        let record = entries.next_entry().expect("its directory is whole").expect("it has the file");
        if record.file_path().as_ref().ends_with(wanted.as_bytes()) {
            break record;
        }
    };
    assert_eq!(record.compression_method(), CompressionMethod::DEFLATE, "{name} is not compressed");
    let entry = archive.get_entry(record.wayfinder()).expect("its entry is whole");
    let size = u32::try_from(record.uncompressed_size_hint()).expect("it is small");
    let gzip = [&GZIP_HEADER, entry.data(), &record.crc32().to_le_bytes(), &size.to_le_bytes()].concat();
    Some(Asset::new(media_type, gzip).encoded("gzip"))
}

#[cfg(test)]
mod tests {
    use pavex::http::header::CONTENT_ENCODING;

    use super::*;

    #[test]
    fn every_file_is_in_the_archive() {
        for (name, _) in FILES {
            let response = file(name).unwrap().reply();
            assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
        }
        assert!(file("index.html").is_none());
    }
}
