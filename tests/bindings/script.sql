CREATE VIRTUAL TABLE urls USING memkv(url TEXT PRIMARY KEY, hits INTEGER)
INSERT INTO urls VALUES('https://a.example/', 3), ('https://a.example/news', 5), ('https://b.example/x.pdf', 1), ('https://c.example/é', 2)
SELECT url, hits FROM urls WHERE url LIKE 'https://A.example/%' ORDER BY url DESC
SELECT url, rank FROM urls WHERE rank BETWEEN 1 AND 2
SELECT memkv_freeze('urls')
INSERT OR REPLACE INTO urls VALUES('https://b.example/', 7)
UPDATE urls SET hits = hits + 1 WHERE url = 'https://c.example/é'
DELETE FROM urls WHERE url GLOB '*.pdf'
-- reopen
SELECT count(*), sum(hits) FROM urls
SELECT url, hits, rank FROM urls WHERE url >= 'https://b' ORDER BY url
SELECT memkv_count('urls', 'https://a.')
SELECT prefix, count, leaf FROM memkv_facets('urls', 'https://', '/')
