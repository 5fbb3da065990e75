-- A second world beside fixture.sql, for statements that were first put to the server without a look at its code.
CREATE TABLE airports (iata TEXT PRIMARY KEY CHECK(length(iata)=3), city TEXT NOT NULL, country TEXT, lat REAL, lon REAL, elevation_ft INT) WITHOUT ROWID;
CREATE TABLE aircraft (tail TEXT PRIMARY KEY, model TEXT, seats INTEGER, delivered DATE, specs JSON);
CREATE TABLE flights (
  flight_id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL, origin TEXT REFERENCES airports(iata), dest TEXT REFERENCES airports(iata),
  tail TEXT REFERENCES aircraft, dep TEXT, arr TEXT, status TEXT COLLATE NOCASE DEFAULT 'scheduled', delay_min INT,
  duration_min INT GENERATED ALWAYS AS (CAST(round((julianday(arr)-julianday(dep))*1440) AS INT)) STORED,
  route TEXT AS (origin||'-'||dest) VIRTUAL);
CREATE INDEX fl_route ON flights(origin, dest); CREATE INDEX fl_late ON flights(delay_min) WHERE delay_min > 15; CREATE INDEX fl_day ON flights(date(dep));
CREATE TABLE tickets (id INTEGER PRIMARY KEY, flight_id INT NOT NULL, passenger TEXT, class TEXT, fare DECIMAL(10,2), paid_cents INTEGER, card_hash BLOB, notes TEXT, FOREIGN KEY(flight_id) REFERENCES flights(flight_id));
CREATE TABLE readings (sensor TEXT NOT NULL, ts INTEGER NOT NULL, v REAL, flags INT, PRIMARY KEY(sensor, ts)) STRICT, WITHOUT ROWID;
CREATE TABLE "Order Details" ("Order" INT, "Unit Price" REAL, "select" TEXT, [from] TEXT, `group` INT, "naïve" TEXT, "数量" INT);
CREATE TABLE messages (id INTEGER PRIMARY KEY, body TEXT, lang TEXT);
CREATE VIRTUAL TABLE msg_fts USING fts5(body, lang UNINDEXED, content='messages', content_rowid='id', tokenize="unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE zones USING rtree(id, x0, x1, y0, y1, +label TEXT);
CREATE TABLE org (id INTEGER PRIMARY KEY, boss INT, name TEXT, title TEXT);
CREATE VIEW late_flights AS SELECT flight_id, number, route, delay_min FROM flights WHERE delay_min > 15;
CREATE VIEW daily AS SELECT date(dep) AS day, count(*) AS n, avg(delay_min) AS avg_delay, sum(delay_min>15) AS late FROM flights GROUP BY 1;
CREATE TABLE audit_log(id INTEGER PRIMARY KEY, who TEXT, what TEXT, at TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE TRIGGER t_ai AFTER INSERT ON tickets BEGIN INSERT INTO audit_log(who, what) VALUES ('t', new.passenger); END;
CREATE TABLE empty_t(a,b,c);
CREATE TABLE kv(k TEXT PRIMARY KEY, v ANY);
INSERT INTO airports VALUES ('ZRH','Zürich','CH',47.46,8.55,1416),('LHR','London','GB',51.47,-0.45,83),('JFK','New York','US',40.64,-73.78,13),('NRT','Tokyo','JP',35.76,140.39,141),('SYD','Sydney','AU',-33.95,151.18,21),('GRU','São Paulo','BR',-23.43,-46.47,2459),('XXX','Nowhere',NULL,NULL,NULL,NULL);
INSERT INTO aircraft VALUES ('HB-JHA','A330-300',236,'2009-04-01','{"engines":[{"type":"Trent 772","thrust":316},{"type":"Trent 772","thrust":316}],"range_km":10800,"wifi":true}'),('G-XWBA','A350-1000',331,'2019-07-26','{"engines":[{"type":"XWB-97"}],"range_km":16100,"wifi":true,"tags":["new","long haul"]}'),('N123AA','B737',172,'2001-12-31','{"engines":[],"wifi":false}'),('VH-ZNA','B787-9',236,NULL,NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200)
INSERT INTO flights(number, origin, dest, tail, dep, arr, status, delay_min) SELECT printf('LX%03d', i%37), substr('ZRHLHRJFKNRTSYDGRU',1+3*(i%6),3), substr('ZRHLHRJFKNRTSYDGRU',1+3*((i*5+2)%6),3), CASE i%5 WHEN 0 THEN 'HB-JHA' WHEN 1 THEN 'G-XWBA' WHEN 2 THEN 'N123AA' WHEN 3 THEN 'VH-ZNA' END, strftime('%Y-%m-%dT%H:%M:%S','2025-01-01','+'||(i*311)||' minutes'), strftime('%Y-%m-%dT%H:%M:%S','2025-01-01','+'||(i*311+90+i%400)||' minutes'), CASE i%7 WHEN 0 THEN 'Cancelled' WHEN 1 THEN 'DELAYED' ELSE 'landed' END, CASE WHEN i%7=0 THEN NULL ELSE (i*i)%90-10 END FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<600)
INSERT INTO tickets SELECT i, 1+(i*13)%200, 'P'||(i%90), CASE i%10 WHEN 0 THEN 'first' WHEN 1 THEN 'business' ELSE 'economy' END, round(50+(i*37)%950+(i%100)/100.0,2), 9007199254740000+i*100, CASE WHEN i%4=0 THEN NULL ELSE randomblob(8) END, CASE i%6 WHEN 0 THEN '' WHEN 1 THEN NULL WHEN 2 THEN 'a,b "c"; --d' ELSE 'line'||char(10)||'two' END FROM n;
UPDATE tickets SET card_hash = CAST('h'||id AS BLOB) WHERE card_hash IS NOT NULL;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<499) INSERT INTO readings SELECT CASE i%3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' ELSE 'c' END, 1735689600+i*60, CASE WHEN i%17=0 THEN NULL ELSE (i*7919%1000)/10.0 END, i%16 FROM n;
INSERT INTO "Order Details" VALUES (1,9.5,'s','f',1,'é',3),(2,NULL,'t','g',1,NULL,4),(3,1.25,'u','h',2,'x',5);
INSERT INTO messages VALUES (1,'The quick brown fox jumps over the lazy dog','en'),(2,'Zürich airport is closed due to snow','en'),(3,'Der Flughafen Zürich ist wegen Schnee geschlossen','de'),(4,'quick quick slow','en'),(5,'飛行機が遅れています','ja');
INSERT INTO msg_fts(msg_fts) VALUES('rebuild');
INSERT INTO zones VALUES (1,0,10,0,10,'north'),(2,5,15,5,15,'mid'),(3,20,30,20,30,'far');
INSERT INTO org VALUES (1,NULL,'Ann','CEO'),(2,1,'Bob','CTO'),(3,1,'Cyd','CFO'),(4,2,'Dan','Dev'),(5,2,'Eve','Dev'),(6,4,'Fay','Intern');
INSERT INTO kv VALUES ('int',1),('real',2.5),('text','x'),('blob',x'0102'),('null',NULL),('big',9223372036854775807),('neg',-9223372036854775808),('inf',9e999),('long',printf('%.*c',20000,'L'));
ANALYZE;
