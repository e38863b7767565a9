// SPDX-License-Identifier: Apache-2.0
// Device certificates: spec control-plane 6.4. The id is the SHA-256 of the DER; the key of CreateKeysAndCertificate is
// given back once and never stored.
#include "api/iot.hpp"
#include "registry/paging.hpp"
#include "registry/rest.hpp"
#include "registry/sql.hpp"
#include "x509/x509.hpp"

#include <limits>

namespace otabahn::registry {

using awsapi::Caller;
using awsapi::Outcome;
using awsapi::service_fail;
using runtime::SqlSession;
namespace iot = api::iot;

namespace {

constexpr std::string_view common_name = "AWS IoT Certificate";  // what clients of AWS find in the subject

std::string certificate_arn(const Scope& scope, const std::string& id) { return scope.arn("iot", "cert/" + id); }

Error certificate_not_found(const Scope& scope, const std::string& id) {
    return {ErrorCode::not_found,
            "Certificate " + id + " not found in " + scope.region.text() + " of account " + scope.account.text() + ".",
            certificate_arn(scope, id)};
}

struct Registered {
    std::string id, arn, pem;
};

Result<Registered> issue_and_register(const RestParts& parts, const Scope& scope, const std::string& public_key_pem, bool active) {
    auto pem = parts.authority.issue(public_key_pem, common_name);
    if (!pem) return Unexpected(pem.error());
    auto certificate = x509::Certificate::parse_pem(*pem);
    if (!certificate) return Unexpected(certificate.error());
    const auto id = certificate->id();
    const auto now = parts.clock.now();
    auto done = parts.store.write([&](SqlSession& session) -> Result<void> {
        session.query(sql::insert_certificate, {{"certificate_id", id},
                                                {"account", scope.account.text()},
                                                {"region", scope.region.text()},
                                                {"status", active ? "ACTIVE" : "INACTIVE"},
                                                {"pem", *pem},
                                                {"created", now}});
        return {};
    });
    if (!done) return Unexpected(done.error());
    return Registered{id, certificate_arn(scope, id), *pem};
}

Result<iot::CreateKeysAndCertificateResponse> create_keys(const RestParts& parts, const Caller& caller,
                                                          const iot::CreateKeysAndCertificateRequest& in) {
    auto key = x509::PrivateKey::generate(x509::KeyAlgorithm::rsa);
    if (!key) return Unexpected(key.error());
    auto made = issue_and_register(parts, caller.scope, key->public_key_pem(), in.set_as_active.value_or(false));
    if (!made) return Unexpected(made.error());
    return iot::CreateKeysAndCertificateResponse{
        .certificate_arn = made->arn,
        .certificate_id = made->id,
        .certificate_pem = made->pem,
        .key_pair = iot::KeyPair{.public_key = key->public_key_pem(), .private_key = key->to_pem()}};
}

Result<iot::CreateCertificateFromCsrResponse> create_from_csr(const RestParts& parts, const Caller& caller,
                                                              const iot::CreateCertificateFromCsrRequest& in) {
    auto csr = x509::parse_csr(in.certificate_signing_request);
    if (!csr) return fail(ErrorCode::invalid_request, "The certificate signing request was refused: " + csr.error().message);
    if (csr->algorithm == x509::KeyAlgorithm::other || (csr->algorithm == x509::KeyAlgorithm::rsa && csr->key_bits < 2048))
        return fail(ErrorCode::invalid_request,
                    "The certificate signing request carries a key that is not accepted: it must be RSA of 2048 bits or more, or on P-256, "
                    "P-384 or P-521.");
    auto made = issue_and_register(parts, caller.scope, csr->public_key_pem, in.set_as_active.value_or(false));
    if (!made) return Unexpected(made.error());
    return iot::CreateCertificateFromCsrResponse{.certificate_arn = made->arn, .certificate_id = made->id, .certificate_pem = made->pem};
}

Result<iot::DescribeCertificateResponse> describe(const RestParts& parts, const Caller& caller, const iot::DescribeCertificateRequest& in) {
    const auto& scope = caller.scope;
    return parts.store.read([&](SqlSession& session) -> Result<iot::DescribeCertificateResponse> {
        const auto row =
            session.query_one(sql::find_certificate,
                              {{"certificate_id", in.certificate_id}, {"account", scope.account.text()}, {"region", scope.region.text()}});
        if (!row) return Unexpected(certificate_not_found(scope, in.certificate_id));
        iot::CertificateDescription out{.certificate_arn = certificate_arn(scope, in.certificate_id),
                                        .certificate_id = in.certificate_id,
                                        .status = row->text(0),
                                        .certificate_pem = row->text(1),
                                        .owned_by = scope.account.text(),
                                        .creation_date = row->time(3),
                                        .last_modified_date = row->time(4),
                                        .customer_version = static_cast<std::int32_t>(row->integer(2)),
                                        .certificate_mode = "DEFAULT"};
        if (const auto certificate = x509::Certificate::parse_pem(row->text(1)))
            out.validity = iot::CertificateValidity{.not_before = certificate->not_before(), .not_after = certificate->not_after()};
        return iot::DescribeCertificateResponse{.certificate_description = std::move(out)};
    });
}

// The key of a page is (created, id); as a token: created in decimal, a colon, the id.
Result<iot::ListCertificatesResponse> list(const RestParts& parts, const Caller& caller, const iot::ListCertificatesRequest& in) {
    auto page = parse_page(in.marker, in.page_size);
    if (!page) return Unexpected(page.error());
    const auto& scope = caller.scope;
    const bool ascending = in.ascending_order.value_or(false);
    std::int64_t created = ascending ? 0 : std::numeric_limits<std::int64_t>::max();
    std::string after;
    if (!page->after.empty()) {
        const auto colon = page->after.find(':');
        if (colon == std::string::npos || colon == 0 || colon > 18 || page->after.find_first_not_of("0123456789") != colon)
            return fail(ErrorCode::invalid_request, "Marker is invalid: it is none that this service gave out.");
        created = std::stoll(page->after.substr(0, colon));
        after = page->after.substr(colon + 1);
    }
    return parts.store.read([&](SqlSession& session) -> Result<iot::ListCertificatesResponse> {
        std::vector<iot::Certificate> out;
        for (const auto& row : session.query(ascending ? sql::list_certificates_oldest_first : sql::list_certificates_newest_first,
                                             {{"account", scope.account.text()},
                                              {"region", scope.region.text()},
                                              {"created", created},
                                              {"after", after},
                                              {"count", page->count + 1}}))
            out.push_back({.certificate_arn = certificate_arn(scope, row.text(0)),
                           .certificate_id = row.text(0),
                           .status = row.text(1),
                           .certificate_mode = "DEFAULT",
                           .creation_date = row.time(2)});
        auto token = cut(out, *page, [](const iot::Certificate& last) {
            return std::to_string(to_millis(*last.creation_date)) + ":" + *last.certificate_id;
        });
        return iot::ListCertificatesResponse{.certificates = std::move(out), .next_marker = std::move(token)};
    });
}

Result<api::Nothing> update(const RestParts& parts, const Caller& caller, const iot::UpdateCertificateRequest& in) {
    const auto& scope = caller.scope;
    if (in.new_status != "ACTIVE" && in.new_status != "INACTIVE" && in.new_status != "REVOKED")
        return fail(ErrorCode::invalid_request,
                    "A certificate's status can be set to ACTIVE, INACTIVE or REVOKED, not to " + in.new_status + ".",
                    certificate_arn(scope, in.certificate_id));
    auto done = parts.store.write([&](SqlSession& session) -> Result<api::Nothing> {
        if (session.execute(sql::update_certificate_status, {{"status", in.new_status},
                                                             {"now", parts.clock.now()},
                                                             {"certificate_id", in.certificate_id},
                                                             {"account", scope.account.text()},
                                                             {"region", scope.region.text()}}) == 0)
            return Unexpected(certificate_not_found(scope, in.certificate_id));
        return api::Nothing{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::certificate, scope, in.certificate_id});
    return done;
}

Outcome<api::Nothing> remove(const RestParts& parts, const Caller& caller, const iot::DeleteCertificateRequest& in) {
    const auto& scope = caller.scope;
    const auto arn = certificate_arn(scope, in.certificate_id);
    auto done = parts.store.write([&](SqlSession& session) -> Outcome<api::Nothing> {
        const auto &account = scope.account.text(), &region = scope.region.text();
        const auto row =
            session.query_one(sql::find_certificate, {{"certificate_id", in.certificate_id}, {"account", account}, {"region", region}});
        if (!row) return Unexpected(awsapi::to_service_error("iot", certificate_not_found(scope, in.certificate_id)));
        if (row->text(0) == "ACTIVE")
            return service_fail("CertificateStateException", 406,
                                "Certificate " + in.certificate_id + " is ACTIVE; set it INACTIVE first (UpdateCertificate).");
        if (const auto thing = session.query_one(
                sql::list_things_of_principal, {{"account", account}, {"region", region}, {"principal", arn}, {"after", ""}, {"count", 1}}))
            return service_fail("DeleteConflictException", 409,
                                "Certificate " + in.certificate_id + " is attached to thing " + thing->text(0) +
                                    "; detach it first (DetachThingPrincipal).");
        if (const auto policy = session.query_one(sql::list_attached,
                                                  {{"account", account}, {"region", region}, {"target", arn}, {"after", ""}, {"count", 1}});
            policy && !in.force_delete.value_or(false))
            return service_fail("DeleteConflictException", 409,
                                "Certificate " + in.certificate_id + " has policy " + policy->text(0) +
                                    " attached; detach it first (DetachPolicy) or set forceDelete.");
        session.execute(sql::delete_targets_of, {{"account", account}, {"region", region}, {"target", arn}});
        session.execute(sql::delete_certificate, {{"certificate_id", in.certificate_id}, {"account", account}, {"region", region}});
        return api::Nothing{};
    });
    if (done) parts.bus.announce({runtime::ChangeKind::certificate, scope, in.certificate_id});
    return done;
}

}  // namespace

void bind_certificates(awsapi::Operations& operations, const RestParts& parts) {
    const auto arn = [](const Scope& scope, const auto& in) { return certificate_arn(scope, in.certificate_id); };
    const auto all = [](const Scope&, const auto&) { return std::string("*"); };
    const auto with = [parts](auto function) {
        return [parts, function](const Caller& caller, const auto& in) { return function(parts, caller, in); };
    };
    access::bind_authorised<iot::CreateKeysAndCertificate>(operations, parts.access, all, with(create_keys));
    access::bind_authorised<iot::CreateCertificateFromCsr>(operations, parts.access, all, with(create_from_csr));
    access::bind_authorised<iot::DescribeCertificate>(operations, parts.access, arn, with(describe));
    access::bind_authorised<iot::ListCertificates>(operations, parts.access, all, with(list));
    access::bind_authorised<iot::UpdateCertificate>(operations, parts.access, arn, with(update));
    access::bind_authorised<iot::DeleteCertificate>(operations, parts.access, arn, with(remove));
}

}  // namespace otabahn::registry
