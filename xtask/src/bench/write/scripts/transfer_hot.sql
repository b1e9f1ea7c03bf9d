-- The hot account last, so that it is locked for as short as can be.
\set source random(1, 9999)
BEGIN;
UPDATE accounts SET balance = balance - 100 WHERE id = :source;
UPDATE accounts SET balance = balance + 100 WHERE id = 10000;
INSERT INTO transfers (source, destination, amount) VALUES (:source, 10000, 100);
COMMIT;
