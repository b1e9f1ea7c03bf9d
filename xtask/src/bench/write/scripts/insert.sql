INSERT INTO transfers (source, destination, amount) VALUES (1, 2, 100);
