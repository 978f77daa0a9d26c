# Frozen reference values of the negative binomial tests: DESeq2 and edgeR on simulated counts. Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(DESeq2))
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, gzfile(file.path("expected", name)), sep = "\t", quote = FALSE, row.names = FALSE)
}
simulate <- function(n, group, seed) {
  set.seed(seed)
  mean <- exp(rnorm(n, 4, 2)); size <- exp(rnorm(length(group), 0, 0.3))
  effect <- ifelse(seq_len(n) %% 5 == 0, rnorm(n, 0, 1.5), 0)
  mu <- outer(mean, size) * exp(outer(effect, as.numeric(group) - 1))
  alpha <- (0.05 + 2 / mean) * exp(rnorm(n, 0, 0.7))
  matrix(rnbinom(length(mu), mu = mu, size = 1 / alpha), n)
}
features <- function(dds) { m <- as.data.frame(mcols(dds)); m[, !sapply(m, is.list), drop = FALSE] }
fits <- function(dds) {
  dds <- estimateDispersionsGeneEst(dds, dispTol = 1e-12, maxit = 20000, quiet = TRUE)
  dds <- estimateDispersionsFit(dds, quiet = TRUE)
  estimateDispersionsMAP(dds, dispTol = 1e-12, maxit = 20000, quiet = TRUE)
}
shared <- function(dds) {
  f <- dispersionFunction(dds)
  data.frame(asymptotic = attr(f, "coefficients")[[1]], extra = attr(f, "coefficients")[[2]],
             estimate_variance = attr(f, "varLogDispEsts"), prior_variance = attr(f, "dispPriorVar"))
}

# Three groups of four and a covariate: every row of the design differs. Dispersions searched at a tight tolerance.
group <- factor(rep(c("a", "b", "c"), each = 4)); set.seed(1); age <- as.numeric(scale(rnorm(12)))
counts <- simulate(400, group, 11); counts[1:5, group == "b"] <- 0L; counts[6:8, ] <- 0L
dds <- DESeqDataSetFromMatrix(counts, data.frame(group, age), ~ group + age)
dds <- fits(estimateSizeFactors(dds))
wald <- nbinomWaldTest(dds, betaTol = 1e-14, maxit = 500, quiet = TRUE)
lrt <- nbinomLRT(dds, reduced = ~ age, betaTol = 1e-14, maxit = 500, quiet = TRUE)
contrast <- results(wald, contrast = c("group", "c", "b"), independentFiltering = FALSE, cooksCutoff = FALSE)
write(as.data.frame(counts), "covariate_counts.tsv.gz")
write(data.frame(group, age, size_factor = sizeFactors(dds), poscounts = sizeFactors(estimateSizeFactors(dds, type = "poscounts"))),
      "covariate_samples.tsv.gz")
write(features(wald), "covariate_wald.tsv.gz")
write(data.frame(statistic = mcols(lrt)$LRTStatistic, p = mcols(lrt)$LRTPvalue, c_vs_b = contrast$log2FoldChange,
                 c_vs_b_se = contrast$lfcSE, c_vs_b_p = contrast$pvalue), "covariate_tests.tsv.gz")
write(shared(dds), "covariate_shared.tsv.gz")

# Two groups of eight, some single counts far out: Cook's distances, replacement, independent filtering, stock settings.
two <- factor(rep(c("control", "trained"), each = 8))
counts <- simulate(600, two, 12); for (i in 1:20) counts[i * 7, (i %% 16) + 1] <- counts[i * 7, (i %% 16) + 1] * 50L + 500L
counts[600, ] <- 0L
dds <- DESeqDataSetFromMatrix(counts, data.frame(two), ~ two)
dds <- DESeq(dds, quiet = TRUE)
found <- results(dds)
kept <- DESeq(DESeqDataSetFromMatrix(counts, data.frame(two), ~ two), minReplicatesForReplace = Inf, quiet = TRUE)
unreplaced <- results(kept)
write(as.data.frame(counts), "outlier_counts.tsv.gz")
write(cbind(features(dds)[, c("baseMean", "dispGeneEst", "dispFit", "dispMAP", "dispersion", "dispOutlier", "replace")],
            effect = found$log2FoldChange, error = found$lfcSE, p = found$pvalue, adjusted = found$padj,
            cooks = apply(assays(kept)[["cooks"]], 1, max), p_unreplaced = unreplaced$pvalue,
            adjusted_unreplaced = unreplaced$padj), "outlier_results.tsv.gz")
write(cbind(shared(dds), threshold = metadata(found)$filterThreshold[[1]]), "outlier_shared.tsv.gz")

# The same study with its effects shrunken by DESeq2's normal prior.
shrunken <- lfcShrink(dds, coef = 2, type = "normal", quiet = TRUE)
write(data.frame(effect = found$log2FoldChange, error = found$lfcSE, shrunken = shrunken$log2FoldChange,
                 shrunken_error = shrunken$lfcSE, prior_variance = priorInfo(shrunken)$betaPriorVar[[2]]), "shrinkage.tsv.gz")

# Two pairs: two residual degrees of freedom.
few <- factor(c("a", "a", "b", "b")); counts <- simulate(500, few, 13)
dds <- fits(estimateSizeFactors(DESeqDataSetFromMatrix(counts, data.frame(few), ~ few)))
write(as.data.frame(counts), "few_counts.tsv.gz")
write(shared(dds), "few_shared.tsv.gz")

# Quasi-likelihood: edgeR at its own trended dispersions, on the counts of the three groups.
suppressPackageStartupMessages(library(edgeR))
counts <- as.matrix(read.delim("expected/covariate_counts.tsv.gz"))
samples <- read.delim("expected/covariate_samples.tsv.gz"); design <- model.matrix(~ group + age, samples)
y <- calcNormFactors(DGEList(counts[rowSums(counts) > 0, ]))
y <- estimateDisp(y, design)
found <- data.frame(trended = y$trended.dispersion, common = y$common.dispersion, abundance = y$AveLogCPM)
for (robust in c(FALSE, TRUE)) {
  fit <- glmQLFit(y, design, robust = robust)
  one <- glmQLFTest(fit, coef = 3)$table; two <- glmQLFTest(fit, coef = 2:3)$table
  part <- data.frame(df = fit$df.residual.zeros, posterior = fit$var.post, prior_df = fit$df.prior,
                     statistic = one$F, p = one$PValue, statistic_both = two$F, p_both = two$PValue)
  names(part) <- paste0(names(part), if (robust) "_robust" else ""); found <- cbind(found, part)
}
write(found, "quasi_likelihood.tsv.gz")
write(data.frame(library_size = y$samples$lib.size * y$samples$norm.factors), "quasi_likelihood_samples.tsv.gz")
writeLines(capture.output(sessionInfo()), "session_info.txt")
