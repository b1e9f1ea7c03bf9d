//! Follows a list page by page to its end, and holds it to what pages promise.

use std::convert::Infallible;
use std::fmt::Debug;

use engine::query::Page;

/// Reads a list from `after` on, page by page until there is no next one.
///
/// # Panics
/// When a page is larger than asked for, or the list does not come forward.
pub async fn drain<T, P, F>(limit: usize, after: Option<P>, mut read: F) -> Vec<T>
where
    P: Clone + PartialEq + Debug,
    F: AsyncFnMut(Option<P>) -> Page<T, P>,
{
    let Ok(all) = try_drain(limit, after, async |after| Ok::<_, Infallible>(read(after).await)).await;
    all
}

/// Reads a list from `after` on, page by page until there is no next one, or a page cannot be read.
///
/// # Errors
/// What reading a page failed with.
///
/// # Panics
/// When a page is larger than asked for, or the list does not come forward.
pub async fn try_drain<T, P, E, F>(limit: usize, after: Option<P>, mut read: F) -> Result<Vec<T>, E>
where
    P: Clone + PartialEq + Debug,
    F: AsyncFnMut(Option<P>) -> Result<Page<T, P>, E>,
{
    let mut all = Vec::new();
    let mut after = after;
    loop {
        let page = read(after.clone()).await?;
        assert!(page.items.len() <= limit, "{} of at most {limit} items", page.items.len());
        all.extend(page.items);
        match page.next {
            None => return Ok(all),
            next => {
                assert_ne!(next, after, "a page that leads to itself");
                after = next;
            }
        }
    }
}
