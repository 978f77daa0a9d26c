# Frozen reference values of normalization and filtering: edgeR on simulated counts.
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(edgeR))
options(warn = -1)
save <- function(x, name) {
  x <- as.data.frame(x)
  real <- vapply(x, is.double, NA)
  x[real] <- lapply(x[real], function(column) sprintf("%.17g", column))
  connection <- gzfile(file.path("expected", paste0(name, ".tsv.gz")), "wt")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
set.seed(20240731)
n <- 500; samples <- 9
group <- rep(c("a", "b", "c"), c(3, 2, 4))
covariate <- rnorm(samples)
design <- model.matrix(~ group + covariate)
mean <- outer(rgamma(n, 0.5) * 60, exp(rnorm(samples, sd = 0.5)))
mean[1:60, 7:9] <- mean[1:60, 7:9] * 12
counts <- list(
  regular = matrix(rnbinom(n * samples, mu = mean + 2, size = 4), n),
  tied = matrix(rpois(n * samples, 3), n),
  sparse = matrix(rbinom(n * samples, 1, 0.1) * rpois(n * samples, 4), n)
)
counts$regular[11:20, ] <- 0
counts$regular[, 4] <- rbinom(n, counts$regular[, 4], 0.05)
counts$tied[, 2] <- counts$tied[, 1]
methods <- c("TMM", "TMMwsp", "RLE", "upperquartile")
for (name in names(counts)) {
  y <- counts[[name]]
  save(y, paste0(name, "_counts"))
  factors <- sapply(methods, function(m) calcNormFactors(y, method = m))
  trimmed <- calcNormFactors(y, logratioTrim = 0.1, sumTrim = 0.2, refColumn = 3, lib.size = colSums(y) + 100)
  save(cbind(factors, TMM_trimmed = trimmed), paste0(name, "_factors"))
  d <- DGEList(y, norm.factors = factors[, "TMMwsp"])
  save(cpm(d, log = TRUE, prior.count = 2)[1:30, ], paste0(name, "_log_cpm"))
  save(data.frame(
    group = filterByExpr(d, group = group), design = filterByExpr(d, design = design),
    low = filterByExpr(d, group = group, min.count = 2, min.total.count = 5),
    none = filterByExpr(y), large = filterByExpr(y, large.n = 3, min.prop = 0.3, min.count = 3)
  ), paste0(name, "_kept"))
}
save(data.frame(group, design), "samples")
writeLines(capture.output(sessionInfo()), "session_info.txt")
