/** What commands take as a source, for their help. */
export const sourceArgument =
  "upyun://bucket/prefix, https://host/path/ (index pages), list:<file> of URLs (list:- standard input), or the name of a configured source";
