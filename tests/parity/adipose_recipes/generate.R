# Frozen reference values of the three adipose recipes: limma 3.54 and edgeR on simulated tissues with missing values, a
# missing group in some features, and platforms of 60, 25, 8 and 1 metabolites. Run in this folder: Rscript generate.R
suppressPackageStartupMessages({library(limma); library(edgeR)})
set.seed(20261128)
weeks <- c("1W", "2W", "4W", "8W")
levels <- paste0(rep(c("F", "M"), each = 5), "_", c("SED", weeks))
group <- factor(rep(levels, each = 4), levels)
trained <- paste0(rep(c("F", "M"), each = 4), "_", weeks, " - ", rep(c("F", "M"), each = 4), "_SED")
families <- list(trained_vs_SED = trained, MvF_SED = "M_SED - F_SED",
  MvF_exercise_response = sprintf("(%s) - (%s)", trained[5:8], trained[1:4]))
written <- c("F_8W - F_SED", "M_SED - F_SED", "(M_8W - M_SED) - (F_8W - F_SED)")
n <- length(group)
samples <- sprintf("s%02d", 1:n)
means <- model.matrix(~ 0 + group); colnames(means) <- levels

tests <- function(fit, contrasts, ...) {
  fit <- eBayes(contrasts.fit(fit, makeContrasts(contrasts = contrasts, levels = colnames(fit$coefficients))), ...)
  do.call(rbind, lapply(contrasts, function(one) data.frame(feature = rownames(fit$t), contrast = one, logFC = fit$coefficients[, one],
    se = (sqrt(fit$s2.post) * fit$stdev.unscaled)[, one], t = fit$t[, one], df = fit$df.total, p = fit$p.value[, one])))
}
log_tests <- function(y, contrasts) {
  many <- nrow(y) >= 10
  weights <- if (many) arrayWeights(y, means, method = "genebygene", var.group = samples) else rep(1, n)
  tests(lmFit(y, means, weights = weights), contrasts, trend = many, robust = many)
}
adjusted <- function(rows) { rows$adj_p <- p.adjust(rows$p, "BH"); rows[rows$contrast %in% written, ] }
simulated <- function(p, name) {
  sds <- 0.25 * sqrt(12 / rchisq(p, 12))
  y <- rnorm(p, 8, 2) + matrix(rnorm(p * n, sd = sds), p) * rep(exp(rnorm(n, sd = 0.2)), each = p)
  y[seq_len(p) %% 5 == 0, group == "F_8W"] <- y[seq_len(p) %% 5 == 0, group == "F_8W"] + 0.8
  y[matrix(runif(p * n), p) < 0.06] <- NA
  dimnames(y) <- list(paste0(name, seq_len(p)), samples)
  y
}
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, gzfile(file.path("expected", name)), sep = "\t", quote = FALSE, row.names = FALSE)
}
frame <- function(y) data.frame(feature = rownames(y), y)

protein <- round(simulated(150, "p"), 6)
protein[1:4, group == "M_4W"] <- NA
platforms <- list(a = 60, b = 25, c = 8, d = 1)
metabolite <- lapply(names(platforms), function(name) round(simulated(platforms[[name]], name), 6))
write(frame(protein), "protein.tsv.gz")
write(cbind(platform = rep(names(platforms), unlist(platforms)), frame(do.call(rbind, metabolite))), "metabolite.tsv.gz")
write(do.call(rbind, lapply(families, function(one) adjusted(log_tests(protein, one)))), "protein_tests.tsv.gz")
write(do.call(rbind, lapply(families, function(one) adjusted(do.call(rbind, lapply(metabolite, log_tests, one))))), "metabolite_tests.tsv.gz")

covariates <- data.frame(rin = rnorm(n), pct_globin = rnorm(n), pct_umi_dup = rnorm(n), median_5_3_bias = rnorm(n))
covariates[] <- lapply(covariates, function(x) round(as.numeric(scale(x)), 8))
genes <- 500
mu <- rgamma(genes, 0.7, 0.004) + 1
fold <- exp(outer(rnorm(genes, sd = 0.1), covariates$rin)) * ifelse(outer(seq_len(genes) %% 6 == 0, group == "M_8W"), 2.2, 1)
counts <- matrix(rnbinom(genes * n, mu = mu * fold * rep(runif(n, 0.6, 1.6), each = genes), size = 12), genes)
dimnames(counts) <- list(paste0("g", seq_len(genes)), samples)
design <- model.matrix(~ 0 + group + rin + pct_globin + pct_umi_dup + median_5_3_bias, cbind(group = group, covariates))
colnames(design)[seq_along(levels)] <- levels
dge <- DGEList(counts, group = group)
dge <- dge[filterByExpr(dge), , keep.lib.sizes = FALSE]
dge <- calcNormFactors(dge, method = "TMM")
v <- voomWithQualityWeights(dge, design = design, var.group = samples, method = "genebygene")
fit <- lmFit(v, design)
write(frame(counts), "rna.tsv.gz")
write(cbind(sample = samples, group = as.character(group), covariates), "samples.tsv.gz")
write(do.call(rbind, lapply(families, function(one) adjusted(tests(fit, one, robust = TRUE)))), "rna_tests.tsv.gz")
writeLines(capture.output(sessionInfo()), "session_info.txt")
