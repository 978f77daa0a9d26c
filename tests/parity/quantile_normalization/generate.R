# Frozen reference values of quantile normalization: limma on simulated values. Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(limma))
save <- function(x, name) {
  x <- as.data.frame(x)
  x[] <- lapply(x, function(column) sprintf("%.17g", column))
  connection <- gzfile(file.path("expected", paste0(name, ".tsv.gz")), "wt")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
set.seed(20240731)
y <- matrix(rnorm(300 * 7), 300) %*% diag(runif(7, 0.5, 2)) + rep(1:7, each = 300)
ties <- round(y, 1)
missing <- ties
missing[sample(length(y), 400)] <- NA
for (name in c("y", "ties", "missing")) { save(get(name), name); save(normalizeQuantiles(get(name)), paste0(name, "_expected")) }
writeLines(capture.output(sessionInfo()), "session_info.txt")
