//! Files that cannot be opened, and what stands in those that can.

use sqlx::Row;
use store_sqlite::{OpenError, SqliteOptions, SqliteStore};
use test_support::{StoreFixture, append, ledger_name, transfer};

use crate::{Place, chain};

#[tokio::test]
async fn missing_folders_are_created() {
    let place = Place::new();
    let path = place.folder.path().join("a/b/c.db");
    SqliteStore::open(SqliteOptions::new(&path)).await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_created_is_named() {
    let place = Place::new();
    std::fs::write(place.folder.path().join("file"), "").unwrap();
    let path = place.folder.path().join("file/folder/test.db");
    let error = SqliteStore::open(SqliteOptions::new(&path)).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Folder { .. }), "{error:?}");
    let text = chain(&error);
    assert!(text.contains("cannot create the folder") && text.contains("file/folder"), "{text}");
}

#[tokio::test]
async fn a_path_that_is_a_folder_is_named() {
    let place = Place::new();
    std::fs::create_dir(place.path()).unwrap();
    let error = SqliteStore::open(place.options()).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Database { .. }), "{error:?}");
    let text = chain(&error);
    assert!(text.contains("cannot open the database") && text.contains("test.db"), "{text}");
}

#[tokio::test]
async fn an_empty_path_is_refused() {
    let error = SqliteStore::open(SqliteOptions::new("")).await.map(|_| ()).unwrap_err();
    assert!(chain(&error).contains("empty"), "{}", chain(&error));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let place = Place::new();
    let content = "something else that somebody may need\n".repeat(100);
    std::fs::write(place.path(), &content).unwrap();
    let error = SqliteStore::open(place.options()).await.map(|_| ()).unwrap_err();
    let text = chain(&error);
    assert!(text.contains("test.db") && text.contains("not a database"), "{text}");
    assert_eq!(std::fs::read_to_string(place.path()).unwrap(), content);
}

#[tokio::test]
async fn the_schema_refuses_to_change_what_is_recorded() {
    let place = Place::new();
    let store = place.store().await;
    let main = ledger_name("main");
    sqlx::query("INSERT INTO ledgers (name, created_at, metadata) VALUES ('main', 0, '{}')")
        .execute(&mut place.stranger().await)
        .await
        .unwrap();
    let records = append(&store, &main, &[transfer("world", "a", 1)]).await;
    let mut stranger = place.stranger().await;
    for row in [
        "earlier_movements SELECT id, 'b', 'USD/2', 0, '0 '",
        "shifted_movements SELECT id, 'b', 2, 0, 'USD/2', 1, 5, 0",
    ] {
        let statement = sqlx::AssertSqlSafe(format!("INSERT INTO {row} FROM ledgers"));
        sqlx::query(statement).execute(&mut stranger).await.unwrap();
    }
    for statement in [
        "UPDATE entries SET effective_at = 0",
        "UPDATE entries SET body = '{}' WHERE number = 0",
        "DELETE FROM entries",
        "UPDATE earlier_movements SET numbers = ''",
        "DELETE FROM earlier_movements",
        "UPDATE shifted_movements SET posted_in = 0",
        "DELETE FROM shifted_movements",
    ] {
        let error = sqlx::query(statement).execute(&mut stranger).await.unwrap_err();
        assert!(error.to_string().contains("nothing recorded ever"), "{error}");
    }
    // Amounts are whole numbers all the way down: nothing rounds them on their way in.
    let kept = sqlx::query("SELECT body, typeof(posted_in) AS kind FROM entries, balances")
        .fetch_all(&mut stranger)
        .await
        .unwrap();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].get::<String, _>("body"), engine::codec::encode(&records[0].entry));
    assert_eq!(kept[0].get::<String, _>("kind"), "integer");
}

/// The fixture of the contract with a file that the test knows.
#[async_trait::async_trait]
impl StoreFixture for Place {
    async fn open(&self) -> std::sync::Arc<dyn engine::port::Store> {
        std::sync::Arc::new(self.store().await)
    }
}
