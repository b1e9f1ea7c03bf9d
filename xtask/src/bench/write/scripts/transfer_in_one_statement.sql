\set source random(1, 5000)
\set destination random(5001, 10000)
WITH locked AS (
    SELECT id FROM accounts WHERE id IN (:source, :destination) ORDER BY id FOR UPDATE
), moved AS (
    UPDATE accounts SET balance = balance + CASE WHEN accounts.id = :source THEN -100 ELSE 100 END
    FROM locked WHERE accounts.id = locked.id
)
INSERT INTO transfers (source, destination, amount) VALUES (:source, :destination, 100);
