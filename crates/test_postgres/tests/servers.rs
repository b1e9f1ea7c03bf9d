//! Servers and databases come and go as promised.

use std::path::Path;

use sqlx::{Connection, Row};

#[tokio::test]
async fn every_database_is_new() {
    let Some(first) = test_postgres::database().await else { return };
    let second = test_postgres::database().await.unwrap();
    assert_ne!(first.url(), second.url());
    let mut stranger = second.stranger().await;
    let tables = "SELECT count(*) AS tables FROM pg_tables WHERE schemaname = 'public'";
    let row = sqlx::query(tables).fetch_one(&mut stranger).await.unwrap();
    assert_eq!(row.get::<i64, _>("tables"), 0);
    let fsync = sqlx::query("SHOW fsync").fetch_one(&mut stranger).await.unwrap();
    assert_eq!(fsync.get::<String, _>(0), "on");
}

#[tokio::test]
async fn a_server_takes_settings_of_its_own() {
    let Some(server) = test_postgres::own_server_with("shared_buffers = '48MB'") else { return };
    let mut connection = sqlx::PgConnection::connect(&server.url()).await.unwrap();
    let setting = sqlx::query("SHOW shared_buffers").fetch_one(&mut connection).await.unwrap();
    assert_eq!(setting.get::<String, _>(0), "48MB");
    let process = server.process_id();
    if cfg!(target_os = "linux") {
        let program = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap();
        assert_eq!(program.trim(), "postgres");
    }
    assert!(server.folder().exists() && server.programs().join("postgres").exists());
}

#[test]
fn a_server_can_be_crashed_and_leaves_nothing_behind() {
    let Some(mut server) = test_postgres::own_server() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reachable = |url: String| runtime.block_on(sqlx::PgConnection::connect(&url)).is_ok();
    assert!(reachable(server.url()) && reachable(server.socket_url()));
    server.crash();
    assert!(!reachable(server.url()));
    server.start_again();
    assert!(reachable(server.url()));
    let socket = server.socket_url();
    let folder = socket.split('@').nth(1).unwrap().split(':').next().unwrap().replace("%2F", "/");
    assert!(Path::new(&folder).exists());
    drop(server);
    assert!(!Path::new(&folder).exists());
}
