# Frozen reference values of sample quality weights: limma::arrayWeights on simulated values.
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(limma))
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
n <- 200; samples <- 14
group <- factor(rep(c("a", "b", "c", "d"), c(4, 5, 2, 3)))
covariate <- rnorm(samples)
designs <- list(means = model.matrix(~ 0 + group), intercept = model.matrix(~ covariate + group),
                far = cbind(model.matrix(~ group), year = 2020 + rep(c(0, 1), 7)))
batches <- c("x", "y", "z")[c(1, 1, 2, 2, 3, 1, 2, 3, 3, 1, 2, 3, 3, 3)]
y <- matrix(rnorm(n * samples), n) * rep(exp(rnorm(samples, sd = 0.5)), each = n) * rgamma(n, 3) + 8
y[12, ] <- 5                                        # no variance
missing <- y
missing[sample(length(y), 500)] <- NA
missing[1, ] <- NA; missing[2, -3] <- NA; missing[3, group == "a"] <- NA; missing[4, group %in% c("b", "d")] <- NA
missing[5, -(1:3)] <- NA; missing[6, -(1:2)] <- NA
weights <- matrix(rgamma(n * samples, 2), n)
weights[7, group == "c"] <- 0; weights[8, 1:3] <- 0
save(y, "complete"); save(missing, "missing"); save(weights, "weights"); save(data.frame(batches), "samples")
for (d in names(designs)) {
  design <- designs[[d]]
  save(design, paste0(d, "_design"))
  gene <- function(...) arrayWeights(..., design = design, method = "genebygene")
  save(cbind(
    complete = gene(y), missing = gene(missing), weighted = gene(y, weights = weights),
    missing_weighted = gene(missing, weights = weights), grouped = gene(missing, var.group = batches),
    strong_prior = gene(y, prior.n = 200), reml = arrayWeights(y, design, method = "reml"),
    reml_missing = arrayWeights(missing, design, method = "reml", tol = 1e-9),
    reml_grouped = arrayWeights(y, design, method = "reml", var.group = batches, tol = 1e-9),
    reml_weighted = arrayWeights(missing, design, weights, method = "reml", tol = 1e-12),
    reml_weighted_grouped = arrayWeights(y, design, weights, method = "reml", var.group = batches)
  ), paste0(d, "_expected"))
}
writeLines(capture.output(sessionInfo()), "session_info.txt")
