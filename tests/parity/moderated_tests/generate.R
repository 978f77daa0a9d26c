# Frozen reference values of moderated t, F, treat and B: limma on simulated expression.
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(limma))
options(digits = 17, warn = -1)

set.seed(20240801)
n <- 150
group <- rep(c("a", "b", "c"), c(4, 5, 3))
design <- model.matrix(~ 0 + group)
y <- matrix(rnorm(n * 12), n) * sqrt(3 / rchisq(n, 3))
y[1:12, 5:9] <- y[1:12, 5:9] + 6
y[5:20, 10:12] <- y[5:20, 10:12] - 4
y[3, ] <- y[3, ] * 30
y[cbind(sample(n, 60), sample(12, 60, replace = TRUE))] <- NA
y[2, 10:12] <- NA
contrasts <- cbind(b_a = c(-1, 1, 0), c_a = c(-1, 0, 1), c_b = c(0, -1, 1))

write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, gzfile(file.path("expected", name)), sep = "\t", quote = FALSE, row.names = FALSE)
}
for (case in c("plain", "robust", "infinite_df")) {
  values <- y
  if (case == "infinite_df") {
    values <- t(scale(t(matrix(rnorm(n * 12), n))))
    values[1:9, 5:9] <- values[1:9, 5:9] + 3
  }
  fit <- contrasts.fit(lmFit(values, design), contrasts)
  # treat and F exist in every release; the prior is given by its moments
  keep_legacy <- if ("legacy" %in% names(formals(limma::eBayes))) list(legacy = TRUE) else list()
  fit <- do.call(eBayes, c(list(fit, robust = case == "robust"), keep_legacy))
  missing <- is.na(fit$coefficients) # on which treat of older releases stops
  filled <- fit
  filled$coefficients[missing] <- 0
  filled$stdev.unscaled[missing] <- 1
  threshold <- do.call(treat, c(list(filled, lfc = 1, robust = case == "robust"), keep_legacy))
  threshold$t[missing] <- NA
  threshold$p.value[missing] <- NA
  table <- data.frame(sigma = fit$sigma, df_residual = fit$df.residual, var_prior = fit$s2.prior,
    df_prior = fit$df.prior, var_post = fit$s2.post, df_total = fit$df.total, F = fit$F, F_p = fit$F.p.value)
  for (k in colnames(contrasts)) {
    table[[paste0("effect.", k)]] <- fit$coefficients[, k]
    table[[paste0("unscaled.", k)]] <- fit$stdev.unscaled[, k]
    table[[paste0("t.", k)]] <- fit$t[, k]
    table[[paste0("p.", k)]] <- fit$p.value[, k]
    table[[paste0("lods.", k)]] <- fit$lods[, k]
    table[[paste0("z.", k)]] <- zscoreT(fit$t[, k], fit$df.total)
    table[[paste0("treat_t.", k)]] <- threshold$t[, k]
    table[[paste0("treat_p.", k)]] <- threshold$p.value[, k]
    table[[paste0("low.", k)]] <- fit$coefficients[, k] - qt(0.975, fit$df.total) * fit$stdev.unscaled[, k] * sqrt(fit$s2.post)
  }
  write(table, paste0(case, ".tsv.gz"))
  write(data.frame(cov2cor(fit$cov.coefficients)), paste0(case, "_correlation.tsv.gz"))
}
writeLines(capture.output(sessionInfo()), "session_info.txt")
