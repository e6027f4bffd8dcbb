-- A picture of all prefixes, made from counts alone: one SVG that any browser shows. In the sqlite3 shell
--   SELECT writefile('urls.svg', memkv_flame('urls', '/'));
-- writes it to a file; here it is counted, and the branches with at least one in fifty of the URLs are listed instead.
SELECT memkv_flame('urls', '/') LIKE '<svg %</svg>%' AS is_picture;
SELECT stack, count FROM memkv_folded('urls', '/', 4, 0.02) ORDER BY count DESC, stack LIMIT 20;
