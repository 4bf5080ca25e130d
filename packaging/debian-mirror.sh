#!/bin/sh
# Prints where this machine gets its Debian packages.
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    awk '$1 == "URIs:" && !found { found = $2 }
         $1 == "deb" && !found { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z]+:\//) { found = $i; break } }
         END { print found }'
