-- Of the table `captures`: pages that were there once, and whose last capture says that they are gone.
SELECT c.urlkey, c.timestamp, c.status
FROM (SELECT DISTINCT urlkey FROM captures) AS p
JOIN captures AS c ON c.urlkey = p.urlkey AND c.timestamp = (SELECT max(timestamp) FROM captures WHERE urlkey = p.urlkey)
WHERE c.status IN (404, 410)
  AND EXISTS (SELECT 1 FROM captures WHERE urlkey = p.urlkey AND status = 200)
ORDER BY c.urlkey
LIMIT 20;
