// SPDX-License-Identifier: Apache-2.0
#include "signer/signer.hpp"

#include "runtime/log.hpp"
#include "signer/certificates.hpp"
#include "signer/signing.hpp"
#include "signer/sql.hpp"

#include <exception>

namespace otabahn::signer {

Signer::Signer(runtime::Store& store, const runtime::Clock& clock, objects::Objects& objects, access::Access& access, Later later)
    : store_(store), clock_(clock), objects_(objects), access_(access), later_(std::move(later)) {}

Result<void> Signer::load_certificate(std::string_view arn, std::string_view certificate_pem, std::string_view private_key_pem) {
    const auto parsed = parse_certificate_arn(arn);
    if (!parsed) return Unexpected(parsed.error());
    Import import{std::string(certificate_pem), std::string(private_key_pem), {}};
    const auto now = clock_.now();
    const auto certificate = judge_import(import);
    if (!certificate)
        return fail(certificate.error().code,
                    "The certificate for " + std::string(arn) + " was not loaded: " + certificate.error().message);
    // An expired one must not keep the server from starting; signing with it is refused anyway.
    if (auto valid = judge_validity(*certificate, now); !valid)
        spdlog::warn("certificate loaded arn={} message=\"{}\"", arn, valid.error().message);
    import.certificate = certificate->to_pem();
    return store_.write([&](runtime::SqlSession& session) -> Result<void> {
        put_certificate_row(session, parsed->scope, parsed->id, import, {}, now);
        return {};
    });
}

Result<void> Signer::resume_jobs() {
    const auto rows = store_.read([](runtime::SqlSession& session) { return session.query(sql::list_unfinished_jobs, {}); });
    for (const auto& row : rows) {
        const Scope scope{AccountId::trusted(row.text(0)), Region::trusted(row.text(1))};
        later_([this, scope, id = row.text(2)] { run_job(scope, id); });
    }
    if (!rows.empty()) spdlog::info("signing jobs that were InProgress are run again count={}", rows.size());
    return {};
}

void Signer::run_job(const Scope& scope, const std::string& id) {
    try {
        const auto job = store_.read([&](runtime::SqlSession& session) { return find_job_row(session, scope, id); });
        if (!job || job->status != "InProgress") return;
        const auto signed_object = sign(*job);
        const auto reason = signed_object ? std::string("Signing Succeeded") : signed_object.error().message;
        const auto done = store_.write([&](runtime::SqlSession& session) -> Result<void> {
            session.execute(sql::finish_job, {{"account", scope.account.text()},
                                              {"region", scope.region.text()},
                                              {"job_id", id},
                                              {"status", signed_object ? "Succeeded" : "Failed"},
                                              {"reason", reason},
                                              {"now", clock_.now()}});
            return {};
        });
        if (!done) spdlog::error("a signing job's end was not recorded job={} message=\"{}\"", id, done.error().message);
        spdlog::info("signing job ended job={} status={} reason=\"{}\"", id, signed_object ? "Succeeded" : "Failed", reason);
    } catch (const std::exception& failure) {
        // The database failed: the job stays InProgress and the next start runs it again.
        spdlog::error("a signing job broke off and is run again at the next start job={} message=\"{}\"", id, failure.what());
    }
}

Result<void> Signer::sign(const SigningJob& job) {
    const auto* platform = find_platform(job.platform_id);
    if (platform == nullptr) return fail(ErrorCode::internal, "There is no platform '" + job.platform_id + "' any more.");
    const auto arn = parse_certificate_arn(job.certificate_arn);
    if (!arn) return Unexpected(arn.error());

    std::optional<StoredCertificate> stored;
    const auto key = store_.read([&](runtime::SqlSession& session) {
        stored = find_certificate_row(session, arn->scope, arn->id);
        return load_private_key(session, arn->scope, arn->id);
    });
    if (!stored || !key)
        return fail(ErrorCode::not_found, "The signing certificate " + job.certificate_arn +
                                              " is gone from ACM. Import one and put it into profile " + job.profile_name + ".");
    const auto certificate = x509::Certificate::parse_pem(stored->certificate);
    if (!certificate) return Unexpected(certificate.error());
    if (auto fine = judge_signing_certificate(*certificate, job.certificate_arn, clock_.now()); !fine) return fine;
    const auto algorithm = choose_algorithm(*platform, job.encryption, job.hash, *certificate);
    if (!algorithm) return Unexpected(algorithm.error());

    const auto object = objects_.find_object(job.source_bucket, job.source_key, job.source_version);
    if (!object) return Unexpected(object.error());
    if (!*object)
        return fail(ErrorCode::not_found, "The source s3://" + job.source_bucket + "/" + job.source_key + " version " + job.source_version +
                                              " is gone. Start another job with a version that is there.");
    const auto image = objects_.open(**object);
    if (!image) return Unexpected(image.error());
    const auto signature = sign_image(**image, *key, *algorithm);
    if (!signature) return Unexpected(signature.error());

    const SignedOutput output{(*image)->size(), *signature, *algorithm};
    auto writer = objects_.begin_blob();
    if (!writer) return Unexpected(writer.error());
    const auto format = job.image_format.empty() ? platform->image_format : std::string_view(job.image_format);
    if (format == "JSONEmbedded") {
        if (auto written = write_embedded(output, **image, **writer); !written) return written;
    } else {
        const auto text = format_detached(output, job.source_bucket, job.source_key, job.source_version);
        if (auto written = (*writer)->append(as_bytes(text)); !written) return written;
    }
    const auto put = objects_.put(job.target_bucket, job.target_key(), "application/json", std::move(writer).value());
    if (!put)
        return fail(put.error().code, "The signature was made and could not be written to s3://" + job.target_bucket + "/" +
                                          job.target_key() + ": " + put.error().message);
    return {};
}

void Signer::bind_rest(awsapi::Operations& operations) {
    bind_acm(operations);
    bind_acm_tags(operations);
    bind_platforms(operations);
    bind_profiles(operations);
    bind_jobs(operations);
}

}  // namespace otabahn::signer
