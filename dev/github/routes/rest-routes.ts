import { ok, refusal } from './answer.ts';
import type { Answer, Call, Route } from './answer.ts';
import type { World } from '../world.ts';

/** GitHub's REST API, as far as registration needs it. Paths match by their end: hosted and Enterprise Server alike. */
export function restRoutes(world: World, base: () => string): Route[] {
  const registrationToken = ({ headers }: Call): Answer => {
    if (!world.keys.isUser(headers.authorization)) return refusal(401, 'Bad credentials');
    return ok({ token: world.keys.newRegistrationToken(), expires_at: inAnHour(world) }, 201);
  };
  return [
    {
      method: 'POST',
      path: /\/(?:orgs|enterprises|repos\/[^/]+)\/[^/]+\/actions\/runners\/registration-token$/,
      name: 'registrationtoken',
      handle: registrationToken,
    },
    {
      method: 'POST',
      path: /\/app\/installations\/(\d+)\/access_tokens$/,
      name: 'accesstoken',
      handle: ({ headers, params: [installationId = ''] }) => {
        const problem = world.keys.appProblem(headers.authorization, installationId);
        if (problem !== undefined) return refusal(401, problem);
        return ok({ token: world.keys.newInstallationToken(), expires_at: inAnHour(world) }, 201);
      },
    },
    {
      method: 'POST',
      path: /\/actions\/runner-registration$/,
      name: 'runnerregistration',
      handle: ({ headers, body }) =>
        register(world, { authorization: headers.authorization, body, base: base() }),
    },
  ];
}

const inAnHour = ({ clock }: World): string => new Date(clock.now() + 3_600_000).toISOString();

interface Registration {
  authorization: string | undefined;
  body: Record<string, unknown>;
  base: string;
}

/** Every config URL has an Actions service of its own, below `/tenant/<path>/`. */
function register({ keys }: World, { authorization, body, base }: Registration): Answer {
  if (!keys.isRegistration(authorization)) return refusal(401, 'Bad registration token');
  const path = URL.parse(String(body['url']))?.pathname.replaceAll(/^\/+|\/+$/g, '');
  if (path === undefined || path === '' || body['runner_event'] !== 'register')
    return refusal(400, 'Bad registration');
  const tenant = Buffer.from(path.toLowerCase()).toString('base64url');
  return ok({
    url: `${base}/tenant/${tenant}/`,
    token: keys.newAdminToken(path),
    token_schema: 'OAuthAccessToken',
  });
}
