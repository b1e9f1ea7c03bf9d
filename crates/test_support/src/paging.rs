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

/// Reads some pages from `after` on and holds each of them to the list, of which `expected` is what comes then. No
/// page may be shorter than asked for while there is more: the list must not be longer than what a store looks at
/// for one page. Returns how many pages were read.
///
/// # Panics
/// When a page is not what it should be. `list` is what is said then.
pub async fn assert_pages<T, P, F>(
    expected: &[T],
    after: Option<P>,
    limit: usize,
    pages: usize,
    list: &impl Debug,
    mut read: F,
) -> usize
where
    T: PartialEq + Debug,
    P: Clone + PartialEq + Debug,
    F: AsyncFnMut(Option<P>) -> Page<T, P>,
{
    let (mut left, mut after) = (expected, after);
    for number in 1..=pages {
        let page = read(after.clone()).await;
        let (items, behind) = left.split_at(limit.min(left.len()));
        assert_eq!(page.items, items, "{list:?} after {after:?}");
        left = behind;
        if page.next.is_none() {
            assert!(left.is_empty(), "{list:?} ends after {after:?} while {} are left", left.len());
            return number;
        }
        assert_ne!(page.next, after, "a page that leads to itself");
        after = page.next;
    }
    pages
}
