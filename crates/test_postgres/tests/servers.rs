//! Servers and databases come and go as promised.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{Connection, Row};
use test_postgres::OnSmallDisk;

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
async fn a_prepared_database_is_a_copy_of_its_own() {
    let mut preparations = 0;
    let mut counts = Vec::new();
    for _ in 0..2 {
        let prepare = async |url: &str| {
            preparations += 1;
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql("CREATE TABLE filled AS SELECT 1 AS number")
                .execute(&mut connection)
                .await
                .unwrap();
            connection.close().await.unwrap();
        };
        let Some(database) = test_postgres::prepared_database(prepare).await else { return };
        let mut stranger = database.stranger().await;
        sqlx::raw_sql("INSERT INTO filled VALUES (2)").execute(&mut stranger).await.unwrap();
        let row = sqlx::query("SELECT count(*) FROM filled").fetch_one(&mut stranger).await.unwrap();
        counts.push(row.get::<i64, _>(0));
    }
    assert_eq!(counts, [2, 2]);
    if std::env::var_os(test_postgres::URL_VARIABLE).is_none() {
        assert_eq!(preparations, 1);
    }
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
fn what_is_in_a_folder_of_its_own_stays_there() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    // The user that the server runs as has to get through.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = folder.path().join("server");
    let Some(server) = test_postgres::own_server_in(&path, "shared_buffers = '48MB'") else { return };
    execute(&server.url(), "CREATE TABLE kept (number int)").unwrap();
    drop(server);
    let server = test_postgres::own_server_in(&path, "").unwrap();
    execute(&server.url(), "INSERT INTO kept VALUES (1)").unwrap();
}

#[test]
fn a_server_can_be_crashed_and_leaves_nothing_behind() {
    let Some(mut server) = test_postgres::own_server() else { return };
    let reachable = |url: String| execute(&url, "SELECT 1").is_ok();
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

#[test]
fn a_standby_takes_over_with_all_that_was_committed() {
    let Some(mut primary) = test_postgres::own_server() else { return };
    let mut standby = primary.synchronous_standby();
    execute(&primary.url(), "CREATE TABLE kept AS SELECT 7 AS number").unwrap();
    assert!(execute(&standby.url(), "CREATE TABLE refused ()").is_err(), "it only follows");
    primary.kill();
    standby.promote();
    execute(&standby.url(), "INSERT INTO kept SELECT 1 / count(*) FROM kept WHERE number = 7").unwrap();
    primary.start_again();
    execute(&primary.url(), "SELECT * FROM kept").unwrap();
}

#[test]
fn a_full_disk_stops_what_lies_on_it_until_there_is_room() {
    let Some(mut server) = test_postgres::own_server_on_small_disk(OnSmallDisk::Tablespace, 16) else {
        return;
    };
    let database = block_on(server.database_on_small_disk());
    execute(database.url(), "CREATE TABLE filled (number bigint)").unwrap();
    server.fill_disk();
    let error = execute(database.url(), GROW).unwrap_err();
    assert!(error.to_string().contains("No space left on device"), "{error}");
    execute(&server.url(), "CREATE TABLE elsewhere ()").unwrap();
    server.free_disk();
    execute(database.url(), GROW).unwrap();
}

#[test]
fn a_server_without_room_for_its_log_breaks_down_and_is_started_again() {
    let Some(mut server) = test_postgres::own_server_on_small_disk(OnSmallDisk::WriteAheadLog, 32) else {
        return;
    };
    execute(&server.url(), "CREATE TABLE filled (number bigint)").unwrap();
    server.fill_disk();
    while execute(&server.url(), GROW).is_ok() {}
    server.free_disk();
    server.start_again();
    execute(&server.url(), GROW).unwrap();
}

/// Ends as no test should: killed, with servers of all kinds running.
#[test]
fn nothing_stays_behind_when_the_tests_are_killed() {
    const NAME: &str = "nothing_stays_behind_when_the_tests_are_killed";
    const CHILD: &str = "FLORIN_TEST_POSTGRES_CHILD";
    if std::env::var_os(CHILD).is_some() {
        let mut primary = test_postgres::own_server().unwrap();
        let standby = primary.synchronous_standby();
        let small = test_postgres::own_server_on_small_disk(OnSmallDisk::Tablespace, 16);
        for server in [Some(&primary), Some(&standby), small.as_ref()].into_iter().flatten() {
            println!("folder {} {}", server.folder().display(), server.process_id());
        }
        println!("all");
        loop {
            std::thread::park();
        }
    }
    if test_postgres::own_server().is_none() {
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([NAME, "--exact", "--nocapture"]).env(CHILD, "1").stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let left: Vec<String> = lines.take_while(|line| line != "all").collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let servers = left.iter().filter_map(|line| line.split_once("folder ")?.1.split_once(' '));
    let mut servers: Vec<(&str, &str)> = servers.collect();
    assert!(servers.len() >= 2, "{left:?}");
    let began = Instant::now();
    while !servers.is_empty() {
        assert!(began.elapsed() < Duration::from_mins(1), "{servers:?} are still there");
        std::thread::park_timeout(Duration::from_millis(10));
        servers.retain(|(folder, process)| {
            Path::new(folder).exists() || Path::new("/proc").join(process).exists()
        });
    }
}

/// Writes eight megabytes.
const GROW: &str = "INSERT INTO filled SELECT generate_series(1, 200000)";

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn execute(url: &str, statement: &'static str) -> Result<(), sqlx::Error> {
    block_on(async {
        let mut connection = sqlx::PgConnection::connect(url).await?;
        sqlx::query(statement).execute(&mut connection).await?;
        connection.close().await
    })
}
