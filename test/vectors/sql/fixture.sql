CREATE TABLE customers (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, country TEXT, created_at TEXT, credit_limit REAL DEFAULT 0
);
CREATE INDEX customers_country ON customers(country);
CREATE INDEX customers_email_country ON customers(email, country);
CREATE TABLE products (
  id INTEGER PRIMARY KEY, sku TEXT UNIQUE, name TEXT, category TEXT, price REAL, stock INTEGER, attrs TEXT,
  price_cents INTEGER GENERATED ALWAYS AS (CAST(round(price * 100) AS INTEGER)) VIRTUAL
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id), ordered_at TEXT, status TEXT, total REAL
);
CREATE INDEX orders_customer ON orders(customer_id);
CREATE INDEX orders_open ON orders(ordered_at) WHERE status = 'open';
CREATE TABLE order_items (
  order_id INTEGER REFERENCES orders(id), product_id INTEGER REFERENCES products(id), quantity INTEGER, unit_price REAL,
  PRIMARY KEY (order_id, product_id)
) WITHOUT ROWID;
CREATE TABLE employees (
  id INTEGER PRIMARY KEY, name TEXT, manager_id INTEGER REFERENCES employees(id), department TEXT, salary INTEGER
);
CREATE INDEX employees_salary ON employees(salary);
CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT, password_hash TEXT, api_token TEXT);
CREATE TABLE secrets (id INTEGER PRIMARY KEY, name TEXT, value TEXT);
CREATE INDEX secrets_value ON secrets(value);
CREATE TABLE events (id INTEGER PRIMARY KEY, at TEXT, kind TEXT, payload TEXT);
CREATE TABLE extremes (id INTEGER PRIMARY KEY, n INTEGER, r REAL, t TEXT, b BLOB);
CREATE TABLE "select" ("from" TEXT, "a b" INTEGER, "semi;colon" TEXT, "dash--dash" TEXT);
CREATE VIRTUAL TABLE articles USING fts5(title, body);
CREATE VIRTUAL TABLE places USING rtree(id, min_x, max_x, min_y, max_y);
CREATE VIEW order_totals AS
  SELECT o.id AS order_id, c.name AS customer, sum(i.quantity * i.unit_price) AS amount
  FROM orders o JOIN customers c ON c.id = o.customer_id JOIN order_items i ON i.order_id = o.id GROUP BY o.id;
CREATE VIEW login_names AS SELECT id, login FROM users;

INSERT INTO customers VALUES
  (1, 'Ada Byron', 'ada@example.com', 'GB', '2024-01-05', 900), (2, 'Grace Hopper', 'grace@example.com', 'US', '2024-02-11', 1200),
  (3, 'Alan Turing', 'alan@example.com', 'GB', '2024-03-20', 50), (4, 'Mary Jackson', NULL, 'US', '2024-04-01', 300),
  (5, 'Zoë Müller', 'zoe@example.com', 'DE', '2024-05-17', 0), (6, '李雷', 'lilei@example.com', 'CN', '2024-06-30', 700),
  (7, '', 'empty@example.com', NULL, '2024-07-07', 10), (8, 'O''Brien; DROP', 'ob@example.com', 'IE', '2024-08-09', 20);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24)
INSERT INTO products(id, sku, name, category, price, stock, attrs)
  SELECT i, printf('SKU-%03d', i), 'Product ' || i, CASE i % 4 WHEN 0 THEN 'books' WHEN 1 THEN 'tools' WHEN 2 THEN 'toys' ELSE NULL END,
    i * 2.5, (i * 7) % 11, json_object('color', CASE i % 3 WHEN 0 THEN 'red' WHEN 1 THEN 'green' ELSE 'blue' END, 'tags', json_array('t' || (i % 5), 'all'), 'size', i) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
INSERT INTO orders SELECT i, 1 + (i * 3) % 8, date('2024-01-01', '+' || (i * 9) || ' days'),
  CASE i % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' WHEN 2 THEN 'shipped' ELSE 'cancelled' END, i * 10.25 FROM n;
INSERT INTO order_items SELECT o.id, p.id, 1 + (o.id + p.id) % 3, p.price FROM orders o JOIN products p ON (o.id * 5 + p.id) % 9 = 0;
INSERT INTO employees VALUES (1, 'Root', NULL, 'board', 990001), (2, 'Left', 1, 'sales', 990002), (3, 'Right', 1, 'sales', 990003),
  (4, 'Leaf', 2, 'support', 990004), (5, 'Twig', 4, 'support', 990005);
INSERT INTO users VALUES (1, 'root', 'CANARY-hash-1', 'CANARY-token-1'), (2, 'guest', 'CANARY-hash-2', 'CANARY-token-2');
INSERT INTO secrets VALUES (1, 'master', 'CANARY-secret-1'), (2, 'backup', 'CANARY-secret-2');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
INSERT INTO events SELECT i, datetime('2024-01-01', '+' || (i * 613) || ' minutes'), CASE i % 3 WHEN 0 THEN 'view' WHEN 1 THEN 'click' ELSE 'buy' END,
  json_object('user', i % 7, 'ms', i * 13, 'path', '/p/' || (i % 6)) FROM n;
INSERT INTO extremes VALUES (1, 9223372036854775807, 1.5, 'max', x'00ff10'), (2, -9223372036854775808, -0.25, 'min', x''),
  (3, 9007199254740993, 9e999, '', NULL), (4, 9007199254740991, 1e300, NULL, zeroblob(20000)), (5, 0, 0.1, 'sqlite_schema -- not a comment', x'41');
INSERT INTO "select" VALUES ('x', 1, 'a;b', 'c--d'), ('y', 2, '/* text */', NULL);
INSERT INTO articles VALUES ('Hardening servers', 'least privilege and sandboxes'), ('Query planning', 'indexes and the planner of a database'),
  ('Gardening', 'privilege of roses'), ('Sandbox stories', 'a database in a sandbox');
INSERT INTO places VALUES (1, 0, 1, 0, 1), (2, 5, 6, 5, 6), (3, 0.5, 5.5, 0.5, 5.5);
ANALYZE;
