# Frozen reference values of duplicateCorrelation, of lmFit and contrasts.fit with blocks, and of voomLmFit with block,
# prior.weights and var.design: limma and edgeR on simulated values. Run in this folder: Rscript generate.R
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
n <- 150; samples <- 18
pairs <- rep(1:9, each = 2)[sample(samples)]
uneven <- c(1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6, 6, 7, 7, 7, 8)
group <- factor(rep(c("a", "b", "c"), 6))
covariate <- rnorm(samples)
designs <- list(means = model.matrix(~ 0 + group), covariate = model.matrix(~ group + covariate))
quality <- rgamma(samples, 8) / 8
effect <- matrix(rnorm(n * 9), n) * runif(n, 0, 1.5)
y <- matrix(rnorm(n * samples), n) * sqrt(rgamma(n, 4)) + effect[, uneven] + rnorm(n, 9)

missing <- y
missing[sample(length(y), 350)] <- NA
missing[2, ] <- NA; missing[3, -(1:4)] <- NA; missing[4, group == "a"] <- NA; missing[5, -(1:8)] <- NA
weights <- matrix(rgamma(n * samples, 3), n)
weights[6, group == "b"] <- 0
save(y, "complete"); save(missing, "missing"); save(weights, "weights")
save(data.frame(pairs, uneven, quality), "samples")
contrasts <- list(means = cbind(c(-1, 1, 0), c(-0.5, -0.5, 1)), covariate = cbind(c(0, 1, 0, 0), c(0, 0, 0, 1)))
# statmod's mixedModel2Fit iterated to convergence: what duplicateCorrelation approaches
# Features whose scoring does not settle are NA here.
tight <- function(y, design, block, weights = NULL) vapply(seq_len(nrow(y)), function(i) {
  w <- if (is.null(weights)) rep(1, ncol(y)) else weights[i, ]
  o <- is.finite(y[i, ]) & w > 0; A <- factor(block[o])
  if (sum(o) <= ncol(design) + 2 || nlevels(A) < 2 || nlevels(A) >= sum(o) - 1) return(NA_real_)
  setTimeLimit(elapsed = 2); s <- tryCatch(statmod::mixedModel2Fit(y[i, o], design[o, , drop = FALSE], model.matrix(~ 0 + A), w[o],
                only.varcomp = TRUE, tol = 1e-10, maxit = 100)$varcomp, error = function(e) NA)
  setTimeLimit(elapsed = Inf); s[2] / sum(s)
}, 0)
for (d in names(designs)) {
  design <- designs[[d]]
  save(design, paste0(d, "_design")); save(contrasts[[d]], paste0(d, "_contrasts"))
  for (b in c("pairs", "uneven")) {
    block <- list(pairs = pairs, uneven = uneven)[[b]]
    for (variant in c("complete", "missing", "weighted", "missing_weighted", "samples")) {
      values <- if (grepl("missing", variant)) missing else y
      w <- if (grepl("weighted", variant)) weights else NULL
      if (variant == "samples") w <- matrix(quality, n, samples, byrow = TRUE)
      name <- paste(d, b, variant, sep = "_")
      found <- duplicateCorrelation(values, design, block = block, weights = w)
      if (variant == "samples") w <- quality
      save(data.frame(limma = tanh(found$atanh.correlations),
                      tight = tight(values, design, block, if (variant == "samples") matrix(w, n, samples, byrow = TRUE) else w),
                      consensus = found$consensus), paste0(name, "_correlation"))
      fit <- lmFit(values, design, block = block, correlation = 0.3, weights = w)
      save(cbind(coefficient = fit$coefficients, stdev = fit$stdev.unscaled, sigma = fit$sigma, df = fit$df.residual),
           paste0(name, "_fit"))
      save(fit$cov.coefficients, paste0(name, "_covariance"))
    }
  }
}
negative <- lmFit(y, designs$means, block = pairs, correlation = -0.4, weights = weights)
save(cbind(negative$coefficients, negative$stdev.unscaled, negative$sigma, negative$df.residual), "negative_fit")

counts <- matrix(rnbinom(n * samples, mu = outer(rgamma(n, 1) * 90, exp(rnorm(samples, sd = 0.3))) *
                         exp(0.4 * matrix(rnorm(n * 9), n)[, uneven]), size = 9), n)
for (g in 1:20) counts[g, group %in% sample(levels(group), 1 + g %% 2)] <- 0
save(counts, "counts")
keep <- function(fit, name) {
  save(cbind(coefficient = fit$coefficients, stdev = fit$stdev.unscaled, sigma = fit$sigma, df = fit$df.residual,
             mean = fit$Amean), paste0(name, "_fit"))
  save(data.frame(correlation = if (is.null(fit$correlation)) NA_real_ else fit$correlation), paste0(name, "_value"))
  save(fit$EList$weights[1:40, ], paste0(name, "_weights"))
  if (!is.null(fit$targets$sample.weight)) save(fit$targets$sample.weight, paste0(name, "_sample_weights"))
}
prior <- matrix(rgamma(n * samples, 4) / 4, n)
save(prior, "prior_weights")
for (d in names(designs)) {
  design <- designs[[d]]
  keep(voomLmFit(counts, design, block = uneven), paste0("voom_", d, "_block"))
  keep(voomLmFit(counts, design, block = uneven, sample.weights = TRUE), paste0("voom_", d, "_block_samples"))
  keep(voomLmFit(counts, design, prior.weights = prior), paste0("voom_", d, "_prior"))
  keep(voomLmFit(counts, design, prior.weights = prior, block = uneven), paste0("voom_", d, "_prior_block"))
  keep(voomLmFit(counts, design, var.design = model.matrix(~ covariate + group)), paste0("voom_", d, "_var_design"))
}
blocked <- voom(counts, designs$means, block = uneven, correlation = 0.3)
save(blocked$weights[1:40, ], "voom_correlated_weights")
save(model.matrix(~ covariate + group), "var_design")
for (method in c("genebygene", "reml")) save(data.frame(
  complete = arrayWeights(y, designs$means, var.design = model.matrix(~ covariate + group), method = method, tol = 1e-12),
  weighted = arrayWeights(y, designs$means, weights = pmax(weights, 0.1), var.design = cbind(covariate, covariate * 2, group == "a"), method = method, tol = 1e-12)
), paste0("var_design_", method))
writeLines(capture.output(sessionInfo()), "session_info.txt")
