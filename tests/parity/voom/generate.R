# Frozen reference values of voom, voomWithQualityWeights and voomLmFit: limma and edgeR on simulated counts.
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
n <- 250; samples <- 14
group <- factor(rep(c("a", "b", "c", "d"), c(4, 5, 2, 3)))
covariate <- rnorm(samples)
designs <- list(
  means = model.matrix(~ 0 + group), covariate = model.matrix(~ 0 + group + covariate),
  intercept = model.matrix(~ group + covariate), trend = model.matrix(~ as.integer(group) + covariate)
)
scatter <- exp(rnorm(samples, sd = 0.4))
mean <- outer(rgamma(n, 0.6) * 80, exp(rnorm(samples, sd = 0.3)))
y <- matrix(rnbinom(n * samples, mu = mean * exp(rnorm(n * samples) * rep(0.3 * scatter, each = n)), size = 8), n)
quiet <- y                                          # no structural zero
quiet[quiet == 0] <- 1
for (g in 1:30) y[g, group %in% sample(levels(group), 1 + g %% 3)] <- 0
y[31, ] <- 0
y[32, ] <- 0; y[32, 6] <- 3
y[33, ] <- 0; y[33, c(1, 5)] <- c(1, 2)
y[34:60, ] <- rpois(27 * samples, 0.4)
sizes <- colSums(y) * exp(rnorm(samples, sd = 0.1))
pairs <- rep(1:7, each = 2)
save(y, "counts"); save(quiet, "quiet_counts"); save(data.frame(sizes, pairs), "samples")
keep <- function(fit, name) {
  save(cbind(coefficient = fit$coefficients, stdev = fit$stdev.unscaled, sigma = fit$sigma, df = fit$df.residual,
             mean = fit$Amean), paste0(name, "_fit"))
  save(fit$EList$weights[1:40, ], paste0(name, "_weights"))
  if (!is.null(fit$targets$sample.weight)) save(fit$targets$sample.weight, paste0(name, "_sample_weights"))
}
for (d in names(designs)) {
  design <- designs[[d]]
  save(design, paste0(d, "_design"))
  v <- voom(y, design, lib.size = sizes)
  save(v$weights[1:40, ], paste0(d, "_voom_weights"))
  if (d == "means") save(v$E[1:40, ], "voom_expression")
  q <- voomWithQualityWeights(y, design, lib.size = sizes)
  save(q$weights[1:40, ], paste0(d, "_quality_weights")); save(q$targets$sample.weights, paste0(d, "_quality_sample_weights"))
  keep(voomLmFit(y, design, lib.size = sizes), paste0(d, "_plain"))
  keep(voomLmFit(y, design, lib.size = sizes, sample.weights = TRUE), paste0(d, "_each"))
  if (!d %in% c("means", "covariate")) next
  keep(voomLmFit(y, design, lib.size = sizes, var.group = pairs), paste0(d, "_pairs"))
  keep(voomLmFit(quiet, design, var.group = pairs), paste0(d, "_quiet"))
}
writeLines(capture.output(sessionInfo()), "session_info.txt")
