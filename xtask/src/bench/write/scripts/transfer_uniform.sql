-- The lower number first, always: no two of these wait for each other.
\set source random(1, 5000)
\set destination random(5001, 10000)
BEGIN;
UPDATE accounts SET balance = balance - 100 WHERE id = :source;
UPDATE accounts SET balance = balance + 100 WHERE id = :destination;
INSERT INTO transfers (source, destination, amount) VALUES (:source, :destination, 100);
COMMIT;
