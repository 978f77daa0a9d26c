# Frozen reference values of gene-set scores on simulated values, by the package GSVA: gsva (Gaussian kernel), ssgsea
# (not normalized), zscore and plage. One feature is constant, and no two features have the same distribution value (the package breaks such ties by position).
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(GSVA))
set.seed(1213)
n <- 600; m <- 30
x <- matrix(rbeta(n * m, 2, 3), n, m) * rgamma(n, 16, 4) + rnorm(n, 6, 2)
x[1:40, 16:30] <- x[1:40, 16:30] + 1
x <- round(x, 8)
x[500, ] <- 3
dimnames(x) <- list(paste0("g", seq_len(n)), paste0("s", seq_len(m)))
sizes <- c(5, 10, 20, 40, 40, 80)
sets <- c(list(planted = paste0("g", 1:40)),
          setNames(lapply(sizes, function(k) paste0("g", sample(setdiff(seq_len(n), 500), k))), paste0("set", seq_along(sizes))))
save <- function(x, name) {
  x <- as.data.frame(x)
  real <- vapply(x, is.double, NA)
  x[real] <- lapply(x[real], function(column) sprintf("%.17g", column))
  connection <- gzfile(file.path("expected", paste0(name, ".tsv.gz")), "wt")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
run <- function(method, values, ...) gsva(values, sets, method = method, min.sz = 1, verbose = FALSE, parallel.sz = 1, ...)
dir.create("expected", showWarnings = FALSE)
save(data.frame(feature = rownames(x), x), "values")
save(data.frame(set = rep(names(sets), lengths(sets)), feature = unlist(sets)), "sets")
save(data.frame(sample = colnames(x), t(run("gsva", x, kcdf = "Gaussian"))), "gsva")
save(data.frame(sample = colnames(x), t(run("gsva", x, kcdf = "Gaussian", mx.diff = FALSE))), "gsva_largest")
save(data.frame(sample = colnames(x), t(run("gsva", x, kcdf = "Gaussian", tau = 0.25))), "gsva_quarter")
save(data.frame(sample = colnames(x), t(run("ssgsea", x, ssgsea.norm = FALSE))), "ssgsea")
save(data.frame(sample = colnames(x), t(run("zscore", x))), "zscore")
save(data.frame(sample = colnames(x), t(run("plage", x))), "plage")
# Ties: within samples, and between features in their distributions (copies).
tied <- round(x, 0)
tied[seq(2, n, 6), ] <- tied[seq(1, n, 6), ]
save(data.frame(sample = colnames(x), t(run("ssgsea", tied, ssgsea.norm = FALSE))), "ssgsea_tied")
save(data.frame(sample = colnames(x), t(run("gsva", tied, kcdf = "Gaussian"))), "gsva_tied")
writeLines(capture.output(sessionInfo()), "session_info.txt")
