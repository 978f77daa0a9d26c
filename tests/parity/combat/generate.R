# Frozen reference values of ComBat and ComBat_seq: sva on simulated values. Run in this folder: Rscript generate.R
suppressPackageStartupMessages({library(sva); library(edgeR)})
options(warn = -1)
save <- function(x, name) {
  x <- as.data.frame(x)
  real <- vapply(x, is.double, NA)
  x[real] <- lapply(x[real], function(column) sprintf("%.17g", column))
  connection <- gzfile(file.path("expected", paste0(name, ".tsv.gz")), "wt")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
quietly <- function(x) { capture.output(value <- suppressMessages(x)); value }
set.seed(20240731)
n <- 120; samples <- 20
batch <- rep(c("p1", "p2", "p3"), c(8, 7, 5))
single <- c(rep(c("p1", "p2"), c(10, 9)), "p3")
group <- rep(c("a", "b"), 10)
covariate <- rnorm(samples)
protect <- model.matrix(~ group + covariate)
y <- matrix(rnorm(n * samples), n) * rep(c(0.7, 1.3, 1), c(8, 7, 5))[col(matrix(0, n, samples))] * sqrt(1 / rgamma(n, 4)) +
  rnorm(n, 8) + outer(rnorm(n, 0.5), as.integer(factor(batch)) - 2) + outer(rnorm(n), group == "b")
y[1, batch == "p2"] <- 5
missing <- y
missing[sample(length(y), 150)] <- NA
save(y, "values"); save(missing, "missing"); save(data.frame(batch, single, group), "samples"); save(protect, "protect")
variants <- list(plain = list(), protected = list(mod = protect), nonparametric = list(mod = protect, par.prior = FALSE),
  mean_only = list(mod = protect, mean.only = TRUE), nonparametric_mean = list(mean.only = TRUE, par.prior = FALSE),
  reference = list(mod = protect, ref.batch = "p2"), reference_mean = list(ref.batch = "p1", mean.only = TRUE))
for (v in names(variants)) {
  save(quietly(do.call(ComBat, c(list(y, batch), variants[[v]]))), v)
  save(quietly(do.call(ComBat, c(list(missing, batch), variants[[v]]))), paste0(v, "_missing"))
}
save(quietly(ComBat(y, single, mod = protect)), "single")

genes <- 150
mu <- outer(rgamma(genes, 1.2) * 120 + 3, exp(rnorm(samples, sd = 0.25))) *
  exp(outer(rnorm(genes, sd = 0.5), as.integer(factor(batch)) - 2) + outer(rnorm(genes, sd = 0.4), group == "b"))
counts <- matrix(rnbinom(genes * samples, mu = mu, size = rep(c(4, 9, 20), c(8, 7, 5))[col(mu)]), genes)
counts[1, batch == "p1"] <- 0L; counts[2, ] <- 0L; counts[3, ] <- rpois(samples, 0.6)
save(counts, "counts")
save(quietly(ComBat_seq(counts, batch)), "seq_plain")
save(quietly(ComBat_seq(counts, batch, group = group)), "seq_group")
save(quietly(ComBat_seq(counts, batch, covar_mod = cbind(covariate))), "seq_covariate")
writeLines(capture.output(sessionInfo()), "session_info.txt")
