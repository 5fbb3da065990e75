-- Adds what the policy of flights.json hides: CANARY stands in every value of it.
PRAGMA foreign_keys=0;
UPDATE tickets SET passenger = 'CANARY-'||passenger, notes = 'CANARY note '||id;
UPDATE flights SET tail = 'CANARY-'||flight_id;
UPDATE aircraft SET model='CANARY '||model, specs=json_object('s','CANARY');
INSERT INTO audit_log(who, what) VALUES ('CANARY','CANARY what');
UPDATE readings SET v = 424242.5;
INSERT INTO msg_fts(msg_fts) VALUES('rebuild');
UPDATE org SET title='CANARY-'||title;
CREATE VIRTUAL TABLE secret_fts USING fts5(pub, priv);
INSERT INTO secret_fts VALUES ('open text','CANARY hidden words'),('second','CANARY more');
CREATE VIEW v_pass AS SELECT id, class, passenger FROM tickets;
CREATE VIEW v_safe AS SELECT t.id, t.class, length(t.passenger) AS plen FROM tickets t WHERE t.notes LIKE 'CANARY%';
CREATE TABLE tenants_t(id INTEGER PRIMARY KEY, tenant TEXT, txt TEXT);
INSERT INTO tenants_t VALUES (1,'local','mine'),(2,'other','CANARY other'),(3,'local','mine2'),(4,'other','CANARY 4');
CREATE INDEX tt_txt ON tenants_t(txt);
CREATE VIRTUAL TABLE hid_rt USING rtree(id,a,b,+aux TEXT);
INSERT INTO hid_rt VALUES(1,0,1,'CANARY aux');
